"""The gate's rules, one by one, as senders meet them."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from sms import services
from sms.models import Message, Status
from sms.services import TextRefused
from tenants import compliance
from tenants.compliance import AUTOMATIC, Purpose, Rule
from tenants.models import Contact
from tests.fixtures.people import CUSTOMER, OWNER_PHONE
from tests.sms.inbound.texts import number

NEW_YORKER = "+12125550123"
NIGHT = datetime(2026, 1, 15, 3, tzinfo=UTC)  # 22:00 in New York
MORNING = datetime(2026, 1, 15, 14, tzinfo=UTC)
UNASKED = {Purpose.NOTICE, Purpose.BULK, Purpose.MARKETING}


def judge(purpose: str, to: str = CUSTOMER, **given):
    return compliance.may_text(number=number(), to_number=to, purpose=purpose, **given)


def send(purpose: str, to: str = NEW_YORKER, key: str = "k", **fields) -> Message:
    return services.send_message(
        number=number(), to_number=to, body="Hello", purpose=purpose, idempotency_key=key, **fields
    )


@pytest.fixture
def shipped_hours(settings):
    settings.SMS_DAYTIME_HOURS = [9, 20]


@pytest.mark.parametrize("purpose", sorted(set(Purpose.values) - {Purpose.FOUND}))  # which is never sent
def test_every_purpose_has_a_lane_and_a_verdict_with_its_inputs(acme, purpose):
    verdict = judge(purpose)

    assert purpose in services._PRIORITY
    stored = verdict.as_json()
    assert (stored["purpose"], stored["to_kind"]) == (purpose, "textable")
    assert datetime.fromisoformat(stored["at"]).tzinfo is not None
    assert verdict.allowed == (purpose != Purpose.MARKETING)


@pytest.mark.parametrize(
    ("wish", "rule", "still"),
    [
        ({"is_personal": True}, Rule.PERSONAL, set(Purpose) - AUTOMATIC),
        ({"do_not_automate": True}, Rule.DO_NOT_AUTOMATE, set(Purpose) - AUTOMATIC),
        ({"is_blocked": True}, Rule.BLOCKED, set(Purpose) - AUTOMATIC),
        ({"is_landline": True}, Rule.LANDLINE, set()),
        ({"opted_out_at": NIGHT}, Rule.OPTED_OUT, {Purpose.CONFIRMATION}),
    ],
    ids=["personal", "do not automate", "blocked", "landline", "opted out"],
)
def test_what_a_contact_wants(acme, wish, rule, still):
    Contact.objects.create(tenant=acme, number=CUSTOMER, **wish)

    allowed = {purpose for purpose in Purpose if judge(purpose).allowed}
    assert allowed == still
    assert {judge(purpose).rule for purpose in set(Purpose) - still} == {rule}


@pytest.mark.parametrize("purpose", Purpose.values)
def test_at_night_only_what_was_not_asked_for_waits(acme, shipped_hours, purpose):
    verdict = judge(purpose, NEW_YORKER, at=NIGHT)

    if purpose == Purpose.MARKETING:
        assert verdict.rule == Rule.NO_CONSENT  # a refusal is final and comes first
    elif purpose in UNASKED:
        assert (verdict.rule, verdict.not_before, verdict.refused) == (Rule.HELD, MORNING, False)
        assert verdict.zones == ("America/New_York",)
    else:
        assert verdict.allowed


def test_a_held_text_leaves_in_the_morning(acme, shipped_hours, twilio_api, do_due_work):
    with time_machine.travel(NIGHT, tick=False):
        message = send(Purpose.NOTICE)
        do_due_work()

    assert (message.status, message.verdict["rule"]) == (Status.QUEUED, "held")
    assert message.next_attempt_at == MORNING  # the sender compares it with the database's clock, which is past it
    with time_machine.travel(MORNING + timedelta(minutes=1), tick=False):
        Message.objects.update(next_attempt_at=MORNING)
        do_due_work()
    assert [text["body"] for text in twilio_api.messages(to=NEW_YORKER)] == ["Hello"]


def test_a_text_that_came_late_into_the_night_is_held_by_the_sender(acme, shipped_hours, twilio_api, do_due_work):
    with time_machine.travel(NIGHT - timedelta(hours=3), tick=False):
        message = send(Purpose.NOTICE)
    assert message.verdict["rule"] == "allowed"
    with time_machine.travel(NIGHT, tick=False):
        do_due_work()

    message.refresh_from_db()
    assert (message.status, message.verdict["rule"]) == (Status.QUEUED, "held")
    wait = message.next_attempt_at - datetime.now(UTC)
    assert timedelta(hours=10, minutes=50) < wait <= timedelta(hours=11)
    assert not twilio_api.messages(to=NEW_YORKER)


def test_somebody_who_opts_out_overnight_gets_nothing_in_the_morning(
    acme, shipped_hours, twilio, twilio_api, do_due_work
):
    with time_machine.travel(NIGHT, tick=False):
        message = send(Purpose.BULK, CUSTOMER)
    twilio.text("STOP")
    Message.objects.filter(pk=message.pk).update(next_attempt_at=MORNING)
    do_due_work()

    message.refresh_from_db()
    assert message.status == Status.CANCELED
    assert not twilio_api.messages(to=CUSTOMER)


def test_a_business_sends_no_more_than_its_cap(acme, twilio):
    acme.daily_text_cap = 2
    acme.save()
    for key in "ab":
        send(Purpose.NOTICE, key=key)
    with pytest.raises(TextRefused) as refused:
        send(Purpose.NOTICE, key="c")
    assert (refused.value.verdict.rule, refused.value.verdict.texts_today) == (Rule.DAILY_CAP, 2)

    acme.daily_text_cap = 1
    acme.save()
    with pytest.raises(TextRefused) as refused:
        send(Purpose.NOTICE, key="c")
    assert refused.value.verdict.texts_today == 1  # counted no further

    for purpose in (Purpose.EMERGENCY, Purpose.OWNER_ALERT, Purpose.CONFIRMATION):
        send(purpose, key=purpose)
    Message.objects.update(created_at=datetime.now(UTC) - timedelta(hours=25))
    send(Purpose.NOTICE, key="d")


def test_texts_to_us_do_not_count_towards_the_cap(acme, twilio):
    acme.daily_text_cap = 1
    acme.save()
    twilio.text("hello")
    twilio.text("hello?")

    send(Purpose.NOTICE)


def test_a_capped_text_back_is_told_to_the_owner(acme, twilio, twilio_api, do_due_work):
    acme.daily_text_cap = 0
    acme.save()
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")
    do_due_work()

    [alert] = twilio_api.messages(to=OWNER_PHONE)
    assert "today's limit of texts is reached" in alert["body"]


def test_a_blocked_callers_miss_is_nobodys_business(acme, twilio, twilio_api, do_due_work):
    Contact.objects.create(tenant=acme, number=CUSTOMER, is_blocked=True)
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")
    do_due_work()

    assert not twilio_api.messages()
