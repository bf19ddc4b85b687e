"""The one statement of the hot path leaves exactly what the ordinary way leaves."""

import pytest
from django.forms.models import model_to_dict

from calls import arrival
from calls.models import Call, CallEvent
from nevermisscall.outbox.models import Fact
from nevermisscall.webhooks.models import WebhookReceipt

NOT_COMPARED = {"id", "call", "started_at", "received_at", "occurred_at", "settle_at", "call_sid", "receipt_id", "key"}


def rows_of(call_sid: str) -> list[dict]:
    call = Call.objects.get(call_sid=call_sid)
    facts = Fact.objects.filter(aggregate=f"call:{call.pk}").order_by("sequence")
    found = [call, *call.events.all(), *WebhookReceipt.objects.filter(key__startswith=call_sid)]
    plain = [{k: v for k, v in model_to_dict(row).items() if k not in NOT_COMPARED} for row in found]
    for receipt in plain:
        receipt.pop("answer", None)
        if "params" in receipt:
            receipt["params"] = {k: v for k, v in receipt["params"].items() if k != "CallSid"}
    envelopes = [fact.envelope() for fact in facts]
    for envelope in envelopes:
        assert envelope["data"].pop("call_id") == call.pk
        assert envelope["data"].pop("call_sid") == call_sid
        assert envelope["data"].pop("started_at").endswith("Z")
        del envelope["id"], envelope["occurred_at"]
    return [*plain, *envelopes]


def test_both_ways_leave_the_same_rows_and_answer(acme, client, monkeypatch):
    from tests.fixtures.webhooks import TwilioPhone

    quick, ordinary = TwilioPhone(client), TwilioPhone(client)
    quick_answer = quick.incoming_call()
    monkeypatch.setattr(arrival, "record_forwarded", lambda **_: False)
    ordinary_answer = ordinary.incoming_call()

    assert rows_of(quick.call_sid) == rows_of(ordinary.call_sid)
    assert quick_answer.text.replace(quick.call_sid, ordinary.call_sid) == ordinary_answer.text
    settle = {c.call_sid: c.settle_at - c.started_at for c in Call.objects.all()}
    assert settle[quick.call_sid] == settle[ordinary.call_sid]


def test_a_forwarded_call_costs_one_statement(acme, twilio, django_assert_num_queries):
    warm_up = type(twilio)(twilio.client)
    warm_up.incoming_call()

    with django_assert_num_queries(1):
        twilio.incoming_call()


def test_a_repeat_gets_the_stored_answer(acme, twilio):
    first, again = twilio.incoming_call(), twilio.incoming_call()

    assert again.text == first.text
    assert CallEvent.objects.count() == Fact.objects.count() == WebhookReceipt.objects.count() == 1


def test_a_callback_that_overtook_the_call_does_not_hide_it(acme, twilio):
    twilio.leg_status("initiated", SequenceNumber="0")
    answer = twilio.incoming_call()

    call = Call.objects.get()
    assert "<Dial" in answer.text
    assert (call.tenant, call.from_number) == (acme, "+14155550123")
    assert [event.kind for event in call.events.all()] == ["leg", "incoming"]
    assert Fact.objects.get().topic == "call.incoming"


@pytest.mark.django_db(transaction=True)
def test_a_row_that_appears_at_the_same_moment_is_adopted(twilio, monkeypatch):
    from tests.fixtures.people import make_business

    make_business()
    # The statement looks before it inserts; here the row comes in between.
    monkeypatch.setattr(arrival, "_RECORD", arrival._RECORD.replace("WHERE NOT EXISTS", "WHERE true OR NOT EXISTS"))
    twilio.leg_status("initiated", SequenceNumber="0")
    answer = twilio.incoming_call()

    assert "<Dial" in answer.text
    assert [event.kind for event in Call.objects.get().events.all()] == ["leg", "incoming"]
