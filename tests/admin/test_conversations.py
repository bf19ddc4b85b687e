"""What staff see of a conversation, on its page and in the list."""

import re
from contextlib import closing
from datetime import timedelta

from django.core.files.base import ContentFile
from django.utils import timezone

from conversations import alerts, ownership
from conversations.models import Conversation
from nevermisscall.lib.admin import change_url, list_url
from sms.models import Message, MessageMedia
from tests.admin.conftest import lines, write


def live(client, conversation):
    return client.get(f"{list_url(Conversation)}{conversation.pk}/live/")


# -- what is seen -----------------------------------------------------------------------------------------------------


def test_the_chat_tells_who_had_it_when_and_why(staff, conversation, maria):
    ownership.take_over(conversation_id=conversation.pk, user=maria, reason="high_value_lead")
    ownership.release(conversation_id=conversation.pk, user=maria)
    ownership.complete(conversation_id=conversation.pk, outcome="resolved", user=maria)
    told = lines(staff.get(change_url(conversation)))

    assert told[0] == "Missed call: Nobody answered"
    assert told[-3:] == [
        "Maria Lopez took over: high value lead",
        "Maria Lopez handed back to the AI",
        "Maria Lopez ended it",
    ]


def test_the_chat_shows_what_the_owner_was_told(staff, conversation):
    alerts.relay(conversation, conversation.last_customer_message)
    [told] = [line for line in lines(staff.get(change_url(conversation))) if line.startswith("Told")]

    assert told.startswith("Told (500) 555-0200: ")
    assert "my sink is blocked" in told


def test_the_page_says_when_the_ai_answers(staff, conversation):
    page = staff.get(change_url(conversation)).text
    until = re.search(r'data-until="([^"]+)" data-words="the AI answers"', page)[1]

    assert until == conversation.ai_due_at.isoformat()
    assert "Nobody has answered yet" in page


def test_the_page_says_who_has_it_since_when(staff, conversation, maria):
    ownership.take_over(conversation_id=conversation.pk, user=maria)
    page = staff.get(change_url(conversation)).text

    assert "Maria Lopez has it" in page
    assert f"since {timezone.now():%-d %b}" in page
    assert "data-until" not in page


def test_what_the_customer_wrote_is_only_shown(staff, acme, client):
    conversation = write(client, "<script>alert(1)</script><b>hi</b>")

    assert "<script>alert" not in staff.get(change_url(conversation)).text
    assert "&lt;script&gt;alert(1)" in live(staff, conversation).text


def test_pictures_are_shown_in_place_and_other_files_linked(staff, acme, client, settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    conversation = write(client, "look", media=["image/jpeg", "application/pdf", "image/png", "video/x-ms-wmv"])
    states = ["stored", "stored", "pending", "refused"]
    for media, state in zip(MessageMedia.objects.order_by("position"), states, strict=True):
        media.state, media.refusal = state, "not a type we keep" if state == "refused" else ""
        if state == "stored":
            media.file.save("", ContentFile(b"\xff\xd8\xff"), save=False)
        media.save()
    page = live(staff, conversation).text
    picture = re.search(r'<img src="([^"]+)"', page)[1]

    with closing(staff.get(picture)) as answer:
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert page.count("<img") == 1
    assert ">application/pdf</a>" in page
    assert "image/png, being fetched" in page
    assert "video/x-ms-wmv, not kept: not a type we keep" in page


def test_pictures_need_the_permission_for_texts(log_in, acme, client, settings, tmp_path):
    conversation = write(client, "look", media=["image/jpeg"])
    MessageMedia.objects.update(state="stored")
    page = live(log_in("conversations.view_conversation"), conversation).text

    assert "look" in page
    assert "<img" not in page


def test_of_a_long_conversation_the_newest_lines_are_shown(staff, conversation, monkeypatch):
    monkeypatch.setattr("conversations.admin_chat.SHOWN", 2)
    page = staff.get(change_url(conversation))

    assert [line.text[:8] for line in page.context["lines"]] == ["Hi! I mi", "my sink "]
    assert "What was said before is not shown here" in page.text


# -- the page that keeps itself up to date ----------------------------------------------------------------------------


def test_the_live_part_is_the_same_until_something_happens(staff, conversation, client):
    first, second = live(staff, conversation), live(staff, conversation)
    write(client, "are you there?")
    third = live(staff, conversation)

    assert first.text == second.text != third.text
    assert "are you there?" in third.text
    assert third.text.strip() in staff.get(change_url(conversation)).text
    assert third.headers["X-Time"]


def test_the_live_part_costs_the_same_however_long_it_is(staff, conversation, client, django_assert_num_queries):
    live(staff, conversation)
    with django_assert_num_queries(8):
        live(staff, conversation)
    for number in range(5):
        write(client, f"and another thing {number}")
        ownership.take_over(conversation_id=conversation.pk, user=None, relay_to=f"+1500555020{number}")
    with django_assert_num_queries(8):
        live(staff, conversation)


def test_the_live_part_is_for_those_who_may_look(log_in, conversation, client):
    client.logout()
    assert live(client, conversation).status_code == 302
    assert live(log_in("calls.view_call"), conversation).status_code == 403


def test_its_script_is_a_file_of_ours(staff, conversation):
    page = staff.get(change_url(conversation)).text
    source = re.search(r'<script src="([^"]+live\.js)"', page)[1]

    with closing(staff.get(source)) as answer:
        assert answer.status_code == 200


# -- the list ---------------------------------------------------------------------------------------------------------


def test_emergencies_and_waiting_customers_are_on_top_of_the_list(staff, conversation):
    assert "1 customer waits" in staff.get(list_url(Conversation)).text
    Conversation.objects.update(urgency_level="emergency")
    page = staff.get(list_url(Conversation)).text

    assert "Emergency: (415) 555-0123, Acme Plumbing" in page
    Conversation.objects.update(status="completed", ai_timer_started=False, ai_timer_started_at=None, ai_due_at=None)
    page = staff.get(list_url(Conversation)).text
    assert "Emergency:" not in page
    assert "1 customer waits" not in page


def test_the_list_is_filtered_by_what_is_left_to_do(staff, conversation, client):
    answered = write(client, "hello?", From="+14155550177")
    ownership.reply(conversation_id=answered.pk, body="Hi!", idempotency_key="1")
    done = write(client, "hello?", From="+14155550188")
    ownership.complete(conversation_id=done.pk, outcome="spam")

    def found(query: str) -> set[int]:
        return {row.pk for row in staff.get(f"{list_url(Conversation)}?{query}").context["cl"].result_list}

    assert found("open=waiting") == {conversation.pk}
    assert found("open=yes") == {conversation.pk, answered.pk}
    assert found("open=no") == {done.pk}
    assert found("urgency_level__exact=normal") == {conversation.pk, answered.pk, done.pk}


def test_the_list_says_how_long_a_customer_waits(staff, conversation):
    earlier = timezone.now() - timedelta(minutes=7, seconds=5)
    Conversation.objects.update(last_activity=earlier)
    Message.objects.filter(pk=conversation.last_customer_message_id).update(created_at=earlier)

    assert "7 min 5 s" in staff.get(list_url(Conversation)).text
