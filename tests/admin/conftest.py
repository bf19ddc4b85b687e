"""Staff in front of the admin, and enough history to look at: made by posting what Twilio posts."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from calls.alerts.models import AlertCall
from calls.models import Call
from conversations import late_news
from conversations.booking import calendars
from conversations.booking.models import Appointment, BusyTime, CalendarFeed, Resource
from conversations.models import Conversation
from conversations.owner.models import OwnerText
from nevermisscall.api.models import IdempotentRequest
from nevermisscall.backup.models import Backup
from nevermisscall.outbox import work
from nevermisscall.outbox.facts import DELIVERIES
from nevermisscall.outbox.heartbeats import beat
from nevermisscall.reconciling import scheduling
from nevermisscall.reconciling.models import Disposition
from nevermisscall.status import services as status_services
from nevermisscall.webhooks import timing
from sms.bulk.models import Batch, Recipient
from sms.models import AccountPause, Message, SendAttempt, SenderPace
from tenants.models import ApiKey, BusinessHours, Closure, Contact, Membership, TextTemplate, TwilioAccount
from tests.fixtures.webhooks import TwilioPhone, new_sid


@pytest.fixture
def operator(db):
    return User.objects.create_superuser(username="olga", password="a long pass phrase")


@pytest.fixture
def staff(client, operator):
    """A client that the operator has logged in with."""
    client.force_login(operator)
    return client


@pytest.fixture
def log_in(client, db):
    """Log in as staff who may do only what the named permissions say, such as `calls.view_call`."""

    def log_in_as(*permissions: str, is_staff: bool = True):
        user = User.objects.create_user(username="sam", password="a long pass phrase", is_staff=is_staff)
        names = [name.partition(".") for name in permissions]
        user.user_permissions.set(
            [Permission.objects.get(content_type__app_label=app, codename=code) for app, _, code in names]
        )
        client.force_login(user)
        return client

    return log_in_as


def deliver_facts() -> None:
    """Hand every due fact to its subscribers. The texts that follow stay queued: no request to Twilio here."""
    while rows := work.claim(DELIVERIES, limit=100):
        for row in rows:
            work.run_claimed(DELIVERIES, row)


@pytest.fixture
def missed_call(acme, client):
    """Make a customer's missed call whose text-back Twilio took and reported as delivered. Returns the call."""

    def make(caller: str = "+14155550123", status: str = "delivered", **report: str) -> Call:
        twilio = TwilioPhone(client)
        twilio.incoming_call(From=caller)
        twilio.leg_status("ringing")
        twilio.screen()
        twilio.dial_action(From=caller, DialCallStatus="no-answer")
        twilio.call_ends(From=caller)
        deliver_facts()
        call = Call.objects.get(call_sid=twilio.call_sid)
        message = Message.objects.get(idempotency_key=f"missed-call:{call.call_sid}")
        attempt = SendAttempt.objects.create(message=message, started_at=timezone.now(), outcome="accepted")
        twilio.message_status(new_sid("SM"), "sent", query=f"?attempt={attempt.token}")
        message.refresh_from_db()
        twilio.message_status(message.message_sid, status, **report)
        deliver_facts()
        return call

    return make


@pytest.fixture
def everything(acme, missed_call, operator, client):
    """At least one row of every model."""
    call = missed_call()
    TwilioPhone(client).text("Here it is", media=["image/jpeg"])
    deliver_facts()
    TwilioAccount.objects.create(
        tenant=acme, account_sid="AC" + "7" * 32, auth_token="hush-hush", auth_token_secondary="hush-old"
    )
    BusinessHours.objects.create(tenant=acme, weekday=0, opens_at="08:00", closes_at="17:00")
    Closure.objects.create(tenant=acme, starts_on="2026-12-24", ends_on="2026-12-26", reason="Christmas")
    TextTemplate.objects.create(tenant=acme, key="missed_call", language="en", body="This is {business}. Sorry!")
    Membership.objects.create(tenant=acme, user=operator)
    ApiKey.issue(tenant_id=acme.pk, name="reports", scopes=["read"])
    AccountPause.objects.create(account_sid="AC" + "7" * 32, since=timezone.now(), until=timezone.now())
    SenderPace.objects.create(
        number="+15005550100", free_at=timezone.now(), turn_at=timezone.now(), day="2026-11-20", sent=1
    )
    batch = Batch.objects.create(
        tenant=acme, phone_number=acme.numbers.get(), body="We close early today.", purpose="missed_call"
    )
    IdempotentRequest.objects.create(
        owner=f"tenant:{acme.pk}",
        path="/sms/send",
        key="once",
        request_hash="0" * 64,
        status_code=202,
        answer="{}",
        created_at=timezone.now(),
    )
    AlertCall.objects.create(
        tenant=acme,
        phone_number=acme.numbers.get(),
        to_number="+15005550200",
        connect_to="+14155550123",
        words="Acme Plumbing: missed call from 4 1 5 5 5 5 0 1 2 3.",
        idempotency_key="alert:1",
    )
    Recipient.objects.create(batch=batch, row=1, to_number="+14155550123", message=Message.objects.first())
    crew = Resource.objects.create(tenant=acme, name="Crew")
    starts, ends = timezone.now() + timedelta(days=2), timezone.now() + timedelta(days=2, hours=1)
    BusyTime.objects.create(tenant=acme, resource=crew, starts_at=starts, ends_at=ends)
    calendars.renew(CalendarFeed(tenant=acme))
    conversation = Conversation.objects.get()
    Appointment.objects.create(
        tenant=acme,
        resource=crew,
        contact=conversation.contact,
        conversation=conversation,
        starts_at=starts,
        ends_at=ends,
        hold_expires_at=ends,
    )
    OwnerText.objects.create(
        tenant=acme, message=Message.objects.first(), phone="+15005550200", conversation=conversation, state="done"
    )
    beat("host:17")
    scheduling.ensure_rows()
    Backup.objects.create(name="20261120T030000Z-3f2a", host="host", taken_at=timezone.now(), size=4_000_000)
    late_news.note_call(call)
    Disposition.objects.create(
        account_sid=call.account_sid,
        day="2026-11-19",
        missed=3,
        not_here=1,
        call_sids=["CA" + "1" * 32],
        counted_at=timezone.now(),
    )
    timing.flush()
    status_services.report(name="dispatchbot_ai", state="degraded", error="no answer within 10 s")
    assert Contact.objects.exists()
    return call


@pytest.fixture
def dead_letter(missed_call):
    """A text that was given up."""
    call = missed_call()
    message = Message.objects.get(idempotency_key=f"missed-call:{call.call_sid}")
    Message.objects.filter(pk=message.pk).update(
        dead_at=timezone.now() - timedelta(hours=3), attempts=8, last_error="Twilio could not be reached"
    )
    return message


@pytest.fixture
def conversation(acme, missed_call, client):
    """A missed call, its text-back, and what the customer wrote back."""
    missed_call()
    return write(client, "my sink is blocked")


@pytest.fixture
def maria(db):
    return User.objects.create_user("maria", first_name="Maria", last_name="Lopez")


def write(client, body: str, **fields) -> Conversation:
    """A customer texts; returns their conversation."""
    TwilioPhone(client).text(body, **fields)
    deliver_facts()
    return Conversation.objects.latest("pk")


def lines(page) -> list[str]:
    """Return the lines of the chat on a conversation's page, with what is noted at them."""
    return [f"{line.text}: {line.note}" if line.note else line.text for line in page.context["lines"]]
