"""A signature has no time in it: whoever kept a request of Twilio's can post it again, at any time and anywhere."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from django.apps import apps
from django.db.models import DateTimeField, F

from calls.models import Call
from conversations.models import Conversation
from nevermisscall.twilio.emulator.voice_params import passport
from nevermisscall.webhooks.models import WebhookReceipt
from sms.models import Message
from tenants.models import Consent
from tests.fixtures.people import CUSTOMER, OWNER_PHONE
from tests.fixtures.webhooks import TwilioPhone
from tests.webhooks.conftest import OURS
from tests.webhooks.routes import twilio_paths
from tests.webhooks.test_repeats import STORY

pytestmark = [pytest.mark.django_db, pytest.mark.fault("F21")]


class Wire:
    """A client that keeps every request as it was on the wire, with its answer."""

    def __init__(self, client) -> None:
        self.client = client
        self.kept: list[tuple[str, str, dict, int, bytes]] = []

    def post(self, path, body, **options):
        answer = self.client.post(path, body, **options)
        self.kept.append((path, body, options, answer.status_code, answer.content))
        return answer

    def replay(self, request, *, at: str = ""):
        path, body, options, *_ = request
        return self.client.post(at or path, body, **options)


@pytest.fixture
def captured(acme, client):
    """Fifty requests of four customers who called, three of whom texted."""
    wire = Wire(client)
    for n in range(4):
        phone = TwilioPhone(wire)
        for webhook in STORY.values():
            webhook(phone)
        if n:
            phone.text(From=f"+1415555016{n}", body=["My sink leaks", "STOP", "START"][n - 1])
    assert len(wire.kept) >= 50
    return wire


def let_time_pass(**ago: float) -> None:
    """Move everything that happened into the past."""
    for model in apps.get_models():
        if model._meta.app_label in OURS and model is not Consent:  # a ledger, to which one can only add
            times = [field.name for field in model._meta.concrete_fields if isinstance(field, DateTimeField)]
            if times:
                model._default_manager.update(**{name: F(name) - timedelta(**ago) for name in times})


@pytest.mark.parametrize("hours", [0, 1, 25])
def test_fifty_kept_requests_get_their_answers_again_and_change_nothing(captured, count_rows, hours, figure):
    let_time_pass(hours=hours)
    before = count_rows(), list(Call.objects.order_by("pk").values()), list(Message.objects.order_by("pk").values())
    answers = [captured.replay(request) for request in captured.kept]

    assert [(answer.status_code, answer.content) for answer in answers] == [request[3:] for request in captured.kept]
    after = count_rows(), list(Call.objects.order_by("pk").values()), list(Message.objects.order_by("pk").values())
    assert after == before
    figure(events=len(answers), doubled=0)


def test_none_of_them_counts_at_another_address(captured, rival, count_rows, figure):
    before = count_rows()
    elsewhere = [
        captured.replay(request, at=path).status_code
        for request in captured.kept
        for path in [*twilio_paths(), f"{request[0]}?tenant={rival.pk}"]
        if path != request[0]
    ]

    assert set(elsewhere) == {401}
    assert count_rows() == before
    figure(refused=len(elsewhere))


# -- kept requests that we never recorded -----------------------------------------------------------------------------

A_DAY_AGO = datetime.now(UTC) - timedelta(hours=25)
OLD, UNTIMED = {"StirPassportToken": passport(A_DAY_AGO, "signed")}, {"StirPassportToken": ""}


def rings_and_nobody_answers(phone: TwilioPhone, **fields: str) -> None:
    phone.incoming_call(**fields)
    phone.dial_action(DialCallStatus="no-answer", **fields)


def all_of_it(phone: TwilioPhone, **fields: str) -> None:
    rings_and_nobody_answers(phone, **fields)
    phone.leg_status("no-answer", SequenceNumber="2", Timestamp=format_datetime(A_DAY_AGO))
    phone.call_ends(Timestamp=format_datetime(A_DAY_AGO), **fields)


UNRECORDED = {
    "only the dial result": lambda phone, **fields: phone.dial_action(DialCallStatus="busy", **fields),
    "only the end": lambda phone, **fields: phone.call_ends(**fields),
    "a call that ended as it came": lambda phone, **fields: phone.incoming_call(ForwardedFrom=OWNER_PHONE, **fields),
    "the call and its result": rings_and_nobody_answers,
    "all of it": all_of_it,
}


@pytest.mark.parametrize("fields", [OLD, UNTIMED], ids=["old", "untimed"])
@pytest.mark.parametrize("what", UNRECORDED)
def test_an_old_call_that_we_never_heard_of_is_recorded_told_to_the_owner_and_not_texted(
    acme, client, twilio_api, do_due_work, logged, what, fields
):
    phone = TwilioPhone(client)
    UNRECORDED[what](phone, **fields)
    do_due_work()

    assert Call.objects.get().outcome == "missed"
    assert WebhookReceipt.objects.exists()
    assert twilio_api.messages(to=CUSTOMER) == []
    assert not Conversation.objects.exists()
    [told] = twilio_api.messages(to=OWNER_PHONE)
    assert "too much time had passed" in told["body"]
    assert "an old call was posted again" in logged()


def test_a_recent_time_on_any_of_its_webhooks_is_enough(acme, client, twilio_api, do_due_work):
    phone = TwilioPhone(client)
    phone.incoming_call(**UNTIMED)
    phone.leg_status("no-answer", Timestamp=format_datetime(datetime.now(UTC)))
    phone.dial_action(DialCallStatus="no-answer", **UNTIMED)
    do_due_work()

    assert len(twilio_api.messages(to=CUSTOMER)) == 1
