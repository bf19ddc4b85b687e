"""Every webhook × everybody who has a Twilio account with us, about somebody else's call, text or alert.

The paths come from the URL map, so a new webhook is asked like the others.
"""

import pytest
from django.apps import apps

from calls.alerts import services as alert_services
from calls.alerts.models import AlertCall
from calls.models import Call
from sms.models import Message
from tenants.models import PhoneNumber
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, OWNER_PHONE
from tests.fixtures.webhooks import ACCOUNT, TwilioPhone, new_sid
from tests.webhooks.conftest import OURS, RIVAL_ACCOUNT, RIVAL_TOKEN
from tests.webhooks.routes import CALL_SID, fields_of, twilio_paths

pytestmark = [pytest.mark.django_db, pytest.mark.fault("F22")]

MAY_BE_ADDED = {"webhooks.WebhookReceipt", "calls.Call", "calls.CallEvent", "sms.Message"}


class Acme:
    """Something of everything that a webhook can be about."""

    def __init__(self, twilio: TwilioPhone) -> None:
        number = PhoneNumber.objects.get(number=ACME_NUMBER)
        twilio.incoming_call()
        twilio.screen()
        self.call_sid, self.leg_sid = twilio.call_sid, twilio.leg_sid
        twilio.text("My sink leaks")
        self.text_sid = Message.objects.get().message_sid
        self.sent_sid = new_sid("SM")
        Message.objects.create(
            tenant_id=number.tenant_id,
            phone_number=number,
            purpose="reply",
            from_number=ACME_NUMBER,
            to_number=CUSTOMER,
            body="On our way",
            idempotency_key="one",
            message_sid=self.sent_sid,
            status="sent_to_provider",
            verdict={},
        )
        alert_services.place(
            number=number,
            to_number=OWNER_PHONE,
            words="Call back",
            connect_to=CUSTOMER,
            language="en",
            idempotency_key="alert",
        )
        self.alert = AlertCall.objects.get()
        AlertCall.objects.update(status="calling", call_at=None)

    def paths(self) -> list[str]:
        found = [path.replace(f"/alert/{CALL_SID}", f"/alert/{self.alert.token}") for path in twilio_paths()]
        return [path.replace(CALL_SID, self.call_sid) for path in found]

    def said(self) -> list[dict[str, str]]:
        """What a stranger may say: each of our SIDs in every field it can be in, and our numbers at both ends."""
        call = {"CallSid": self.call_sid, "DialCallStatus": "completed", "DialBridged": "true", "Digits": "1"}
        message = {"CallSid": "", "RecordingSid": "", "MessageStatus": "delivered"}
        return [
            fields_of(**call),
            fields_of(**call, CallStatus="completed"),
            fields_of(**call | {"CallSid": self.leg_sid, "ParentCallSid": self.call_sid, "CallStatus": "in-progress"}),
            fields_of(**call, RecordingSid="RE" + "3" * 32, RecordingStatus="completed"),
            fields_of(**message, MessageSid=self.sent_sid),
            fields_of(**message, MessageSid=self.text_sid, Body="STOP"),
            fields_of(**message, MessageSid=new_sid("SM"), Body="STOP", From=CUSTOMER),
            fields_of(**message, MessageSid=new_sid("SM"), Body="He paid", From=OWNER_PHONE),
            fields_of(**message, MessageSid=new_sid("SM"), Body="Hello", From=ACME_NUMBER),
        ]


@pytest.fixture
def things(acme, twilio):
    return Acme(twilio)


@pytest.fixture
def rows(db):
    """Return every row of ours, as {model: {id: values}}."""
    models = [
        model for model in apps.get_models() if model._meta.app_label in OURS | {"owner", "emergencies", "booking"}
    ]

    def read() -> dict[str, dict]:
        return {model._meta.label: {row["id"]: row for row in model._default_manager.values()} for model in models}

    return read


STRANGERS = {
    "another account, as itself": (RIVAL_ACCOUNT, RIVAL_TOKEN, {200, 204, 400}),
    "another account, as ours": (ACCOUNT, RIVAL_TOKEN, {401}),
    "ours, as another": (RIVAL_ACCOUNT, "primary-token", {401}),
    "nobody, as ours": (ACCOUNT, "guessed", {401}),
    "nobody, as nobody": ("AC" + "7" * 32, "guessed", {401}),
}


@pytest.mark.parametrize("who", STRANGERS)
def test_a_stranger_changes_nothing_at_any_webhook(things, rival_account, client, rows, logged, who, figure):
    account, token, statuses = STRANGERS[who]
    before, asked = rows(), 0
    phone = TwilioPhone(client)
    for path in things.paths():
        for fields in things.said():
            answer = phone.post(path, {**fields, "AccountSid": account}, token=token)
            assert answer.status_code in statuses, (path, fields)
            asked += 1

    after = rows()
    added = {model for model in after if after[model].keys() - before[model].keys()}
    assert added <= (MAY_BE_ADDED if 200 in statuses else set())
    for model, known in before.items():
        assert {pk: row for pk, row in after[model].items() if pk in known} == known, model
    assert not Call.objects.exclude(call_sid=things.call_sid).filter(tenant__isnull=False).exists()
    assert Message.objects.filter(tenant__isnull=False).count() == 2
    for said in (CUSTOMER, OWNER_PHONE, "He paid"):
        assert said not in logged()
    assert "webhook refused" in logged()
    figure(requests=asked, changed=0)


def test_what_was_asked_is_not_refused_for_another_reason(things, client):
    """The same requests, signed by the account whose things they are about, are answered."""
    phone = TwilioPhone(client)
    answers = [phone.post(path, fields).status_code for path in things.paths() for fields in things.said()]

    assert set(answers) <= {200, 204, 400}
    assert answers.count(400) < len(answers) / 2
