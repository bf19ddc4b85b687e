"""What staff do in a conversation: take over, reply, hand back, end."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conversations.models import Conversation, Transition
from nevermisscall.lib.admin import change_url, list_url
from sms.models import Message
from tenants.models import Contact
from tests.admin.conftest import lines
from tests.fixtures.people import CUSTOMER


def act(client, conversation, name: str, **form):
    return client.post(f"{list_url(Conversation)}{conversation.pk}/{name}/", form, follow=True)


def said(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def key_on(page) -> str:
    return re.search(r'name="key" value="([^"]+)"', page.text)[1]


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
