"""What staff see of a conversation, and what they do in it."""

import re
from contextlib import closing
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations import alerts, ownership
from conversations.models import Conversation, Transition
from nevermisscall.lib.admin import change_url, list_url
from sms.models import Message, MessageMedia
from tenants.models import Contact
from tests.admin.conftest import deliver_facts
from tests.fixtures.people import CUSTOMER
from tests.fixtures.webhooks import TwilioPhone


@pytest.fixture
def conversation(acme, missed_call, client):
    """A missed call, its text-back, and what the customer wrote back."""
    missed_call()
    return write(client, "my sink is blocked")


@pytest.fixture
def maria(db):
    return User.objects.create_user("maria", first_name="Maria", last_name="Lopez")


def write(client, body: str, **fields) -> Conversation:
    TwilioPhone(client).text(body, **fields)
    deliver_facts()
    return Conversation.objects.latest("pk")


def act(client, conversation, name: str, **form):
    return client.post(f"{list_url(Conversation)}{conversation.pk}/{name}/", form, follow=True)


def said(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def key_on(page) -> str:
    return re.search(r'name="key" value="([^"]+)"', page.text)[1]


def live(client, conversation):
    return client.get(f"{list_url(Conversation)}{conversation.pk}/live/")


def lines(page) -> list[str]:
    return [f"{line.text}: {line.note}" if line.note else line.text for line in page.context["lines"]]


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


# -- what is done -----------------------------------------------------------------------------------------------------


def test_staff_take_over_and_it_is_on_record(staff, operator, conversation):
    answer = act(staff, conversation, "take-over", reason="big job")

    conversation.refresh_from_db()
    assert (conversation.status, conversation.user) == ("user_handling", operator)
    assert said(answer) == ["Took over. big job"]
    assert (Transition.objects.get().user, Transition.objects.get().reason) == (operator, "big job")
    assert (LogEntry.objects.get().user, LogEntry.objects.get().change_message) == (operator, "Took over. big job")


def test_taking_over_twice_is_said_and_on_record_once(staff, conversation):
    act(staff, conversation, "take-over")
    answer = act(staff, conversation, "take-over")

    assert said(answer) == ["It was so already."]
    assert LogEntry.objects.count() == Transition.objects.count() == 1


def test_staff_reply_once_however_often_the_form_is_sent(staff, operator, conversation):
    key = key_on(staff.get(change_url(conversation)))
    for _ in range(2):
        answer = act(staff, conversation, "reply", key=key, body="On my way.")

    [message] = Message.objects.filter(sender_type="user")
    conversation.refresh_from_db()
    assert (message.body, message.to_number, conversation.user) == ("On my way.", CUSTOMER, operator)
    assert "On my way." in lines(answer)[-1]
    assert LogEntry.objects.first().change_message == f"Replied with message {message.pk}."
    assert "On my way" not in "".join(entry.change_message for entry in LogEntry.objects.all())


@pytest.mark.parametrize("body", ["  ", "x" * 1601], ids=["empty", "too-long"])
def test_a_reply_that_is_no_text_is_said(staff, conversation, body):
    answer = act(staff, conversation, "reply", key=key_on(staff.get(change_url(conversation))), body=body)

    assert "has 1 to 1600 characters" in said(answer)[0]
    assert not Message.objects.filter(sender_type="user").exists()


def test_words_that_were_not_sent_are_not_lost(staff, conversation):
    Contact.objects.update(opted_out_at=timezone.now())
    answer = act(staff, conversation, "reply", key=key_on(staff.get(change_url(conversation))), body="On my way.")

    assert said(answer)[0].startswith("Not done: this text may not be sent")
    assert ">On my way.</textarea>" in answer.text
    assert ">On my way.</textarea>" not in staff.get(change_url(conversation)).text
    assert not LogEntry.objects.exists()


def test_staff_hand_back_and_complete(staff, operator, conversation):
    act(staff, conversation, "take-over")
    act(staff, conversation, "hand-back")
    act(staff, conversation, "complete", outcome="resolved", summary="Told the price.")

    conversation.refresh_from_db()
    assert (conversation.status, conversation.outcome) == ("completed", "resolved")
    assert conversation.summary == "Told the price."
    told = list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True))
    assert told == ["Took over.", "Handed back.", "Completed as resolved."]


def test_an_end_needs_an_outcome(staff, conversation):
    assert said(act(staff, conversation, "complete", outcome="won")) == ["Not done: choose how it ended."]


def test_a_completed_one_cannot_be_taken_over_but_replied_to(staff, conversation):
    act(staff, conversation, "complete", outcome="resolved")
    refused = act(staff, conversation, "take-over")
    act(staff, conversation, "reply", key=key_on(refused), body="One more thing.")

    conversation.refresh_from_db()
    assert said(refused) == ["Not done: the conversation is completed: reply to open it again."]
    assert conversation.status == "user_handling"


@pytest.mark.parametrize("name", ["take-over", "reply", "hand-back", "complete"])
def test_only_those_who_may_act_do(log_in, conversation, name):
    viewer = log_in("conversations.view_conversation", "sms.view_message")
    answer = act(viewer, conversation, name, body="Hi", outcome="spam", key="0" * 32)

    assert answer.status_code == 403
    assert not Transition.objects.exists()
    page = viewer.get(change_url(conversation)).text
    assert "Take over" not in page
    assert 'name="body"' not in page


def test_those_who_may_change_conversations_act(log_in, conversation):
    client = log_in("conversations.view_conversation", "conversations.change_conversation")
    act(client, conversation, "take-over")

    assert Transition.objects.get().user.username == "sam"


@pytest.mark.parametrize("name", ["take-over", "reply", "hand-back", "complete"])
def test_an_act_is_a_post_with_the_pages_token(operator, conversation, name):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(operator)
    url = reverse(f"admin:conversations_conversation_{name.replace('-', '_')}", args=[conversation.pk])

    assert strict.get(url).status_code == 405
    assert strict.post(url, {}).status_code == 403
    assert not Transition.objects.exists()


def test_a_conversation_that_is_not_there(staff, db):
    assert staff.get(f"{list_url(Conversation)}0/live/").status_code == 404
    assert staff.post(f"{list_url(Conversation)}0/take-over/").status_code == 404


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
