"""What Twilio reports of a text moves it forward only, whenever it comes and whoever sends it."""

from nevermisscall.outbox.models import Fact
from sms import sending
from sms.models import Message, Status
from tenants.models import Contact, TwilioAccount
from tests.fixtures.people import CUSTOMER
from tests.sms.sending.conftest import run_again


def test_statuses_only_move_forward(send, twilio_api, twilio):
    message = run_again(send())
    for status in ("delivered", "sent", "queued", "undelivered", "delivered"):
        twilio.message_status(message.message_sid, status)

    message.refresh_from_db()
    assert message.status == Status.DELIVERED
    assert message.delivered_at is not None


def test_a_callback_that_comes_before_the_answer_is_not_undone_by_it(send, twilio_api, twilio, monkeypatch):
    create = sending.twilio_messages.create

    def create_and_call_back(*args, **kwargs):
        sent = create(*args, **kwargs)
        twilio.message_status(sent.message_sid, "delivered", query="?" + kwargs["status_callback"].partition("?")[2])
        return sent

    monkeypatch.setattr(sending.twilio_messages, "create", create_and_call_back)
    message = run_again(send())

    assert (message.status, message.next_attempt_at) == (Status.DELIVERED, None)


def test_an_undelivered_text_is_published_with_its_code(send, twilio_api, twilio):
    message = run_again(send())
    twilio.message_status(message.message_sid, "undelivered", ErrorCode="30006")

    assert Contact.objects.get(number=CUSTOMER).is_landline
    assert Fact.objects.get(topic="message.delivery_failed").data["error_code"] == 30006


def test_a_status_of_a_message_that_is_not_ours_is_answered_and_changes_nothing(db, twilio):
    assert twilio.message_status("SM" + "0" * 32, "delivered").status_code == 204
    assert not Message.objects.exists()


def test_another_accounts_signature_moves_nothing(send, twilio_api, twilio, db):
    message = run_again(send())
    TwilioAccount.objects.create(account_sid="AC" + "9" * 32, auth_token="theirs")
    fields = {"AccountSid": "AC" + "9" * 32, "MessageSid": message.message_sid, "MessageStatus": "delivered"}

    assert twilio.post("/api/webhooks/status", fields, token="theirs").status_code == 204
    message.refresh_from_db()
    assert message.status == Status.SENT_TO_PROVIDER
