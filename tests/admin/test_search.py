"""An operator has a SID or a number in some spelling, and finds what it is about."""

import pytest
from django.urls import reverse

from calls.models import Call, CallEvent
from conversations.models import Conversation
from nevermisscall.lib.admin import list_url, number_digits
from nevermisscall.webhooks.models import WebhookReceipt
from sms.models import Message
from tenants.models import Contact, Tenant

SPELLINGS = [
    "+14155550123",
    "(415) 555-0123",
    "415.555.0123",
    "1-415-555-0123",
    "415 555 0123",
    "5550123",
    "0123 ",
    "555-012",
]


def found(client, model, term):
    """Return what a model's list shows for a search."""
    return list(client.get(list_url(model), {"q": term}).context["cl"].result_list)


@pytest.fixture
def call(missed_call):
    missed_call(caller="+12125550199")
    return missed_call()


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_call_is_found_by_its_number_however_written(staff, call, spelling):
    assert found(staff, Call, spelling) == [call]


@pytest.mark.parametrize("model", [Message, Conversation, Contact])
def test_so_are_texts_conversations_and_people(staff, call, model):
    assert len(found(staff, model, "(415) 555-0123")) == 1


def test_a_call_is_found_by_its_sid_its_start_and_the_sid_of_the_owners_leg(staff, call):
    leg = CallEvent.objects.filter(call=call).exclude(leg_sid="").first().leg_sid

    assert found(staff, Call, call.call_sid) == [call]
    assert found(staff, Call, f" {call.call_sid[:12]} ") == [call]
    assert found(staff, Call, leg) == [call]
    assert found(staff, Call, "CA" + "0" * 32) == []


def test_a_text_is_found_by_sid_and_by_key(staff, call):
    message = Message.objects.get(idempotency_key=f"missed-call:{call.call_sid}")

    assert found(staff, Message, message.message_sid) == [message]
    assert found(staff, Message, f"missed-call:{call.call_sid}") == [message]


def test_a_conversation_is_found_by_what_is_in_it(staff, call):
    message = Message.objects.get(idempotency_key=f"missed-call:{call.call_sid}")
    conversation = Conversation.objects.get(customer_phone="+14155550123")

    assert found(staff, Conversation, call.call_sid) == [conversation]
    assert found(staff, Conversation, message.message_sid) == [conversation]


def test_the_webhooks_of_a_call_are_found_by_its_sid(staff, call):
    kinds = {receipt.kind for receipt in found(staff, WebhookReceipt, call.call_sid)}

    assert kinds == {"call", "screen", "dial"}


def test_a_business_is_found_by_name_and_by_either_number(staff, acme, rival):
    assert found(staff, Tenant, "acme") == [acme]
    assert found(staff, Tenant, "(500) 555-0100") == [acme]
    assert found(staff, Tenant, "500 555 0901") == [rival]


def test_calls_are_filtered_by_outcome_reason_business_and_day(staff, call, acme, rival):
    day = call.started_at.strftime("%Y-%m-%d")
    filters = {"outcome__exact": "missed", "missed_reason__exact": "no_answer", "tenant__id__exact": acme.pk}

    assert Call.objects.count() == 2
    assert (
        len(
            staff.get(list_url(Call), {**filters, "started_at_from": day, "started_at_to": day})
            .context["cl"]
            .result_list
        )
        == 2
    )
    for unlike in ({"outcome__exact": "answered"}, {"tenant__id__exact": rival.pk}, {"started_at_to": "2020-01-01"}):
        assert not staff.get(list_url(Call), {**filters, **unlike}).context["cl"].result_list


def test_the_search_everywhere_finds_calls_texts_and_people(staff, call):
    answer = staff.get(reverse("admin:search"), {"s": "(415) 555-0123", "extended": "1"}).text

    for url in (
        "/admin/calls/call/",
        "/admin/sms/message/",
        "/admin/tenants/contact/",
        "/admin/conversations/conversation/",
    ):
        assert url in answer


def test_the_search_everywhere_shows_only_what_the_user_may_see(log_in, call):
    answer = log_in("tenants.view_contact").get(reverse("admin:search"), {"s": "4155550123", "extended": "1"}).text

    assert "/admin/tenants/contact/" in answer
    assert "/admin/calls/call/" not in answer


@pytest.mark.parametrize(
    ("text", "digits"),
    [("(415) 555-0123", "4155550123"), ("0044 20 7946", "44207946"), ("12", ""), ("CA12", ""), ("", ""), ("a 415", "")],
)
def test_what_looks_like_a_number(text, digits):
    assert number_digits(text) == digits
