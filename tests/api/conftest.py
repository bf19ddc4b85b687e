"""Everybody who may come to the API's door, and something of Acme's to ask for."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from calls.models import Call
from conversations.models import Conversation, Entry
from sms.models import Message, MessageMedia
from tenants.models import ApiKey, Contact, Membership, PhoneNumber, Tenant
from tests.fixtures.people import ACME_NUMBER, CUSTOMER
from tests.fixtures.webhooks import ACCOUNT, new_sid

SEND = "/api/sms/send"


class Caller:
    """A client of the API: JSON both ways, and by default a key."""

    def __init__(self, client: Client, **headers: str) -> None:
        self.client = client
        self.headers = headers

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str):
        return self.client.get(path, query, headers=self.headers | headers)

    def post(self, path: str, body: Any = None, **headers: str):
        return self.request("POST", path, body, **headers)

    def request(self, method: str, path: str, body: Any = None, **headers: str):
        data = "" if body is None else json.dumps(body)
        return self.client.generic(method, path, data, content_type="application/json", headers=self.headers | headers)


def with_key(tenant: Tenant | None, *scopes: str, **fields: Any) -> Caller:
    """A client with a new key of `tenant`, or of the platform."""
    row, key = ApiKey.issue(tenant_id=tenant and tenant.pk, name="tests", scopes=list(scopes or ApiKey.SCOPES))
    if fields:
        ApiKey.objects.filter(pk=row.pk).update(**fields)
    return Caller(Client(raise_request_exception=False), Authorization=f"Bearer {key}")


def with_session(*permissions: str, is_staff: bool = True, is_superuser: bool = False) -> Caller:
    """A browser that a person of the staff has logged in with, and that sends the CSRF token."""
    user = User.objects.create_user(f"user-{User.objects.count()}", is_staff=is_staff, is_superuser=is_superuser)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(user)
    token = "t" * 32
    client.cookies["csrftoken"] = token
    return Caller(client, **{"X-CSRFToken": token})


@pytest.fixture
def api(acme):
    """Acme's program, which may do everything."""
    return with_key(acme)


@pytest.fixture
def nobody(db):
    return Caller(Client(raise_request_exception=False))


@pytest.fixture
def make_call(acme):
    """Make a call to Acme; every further one is a minute older."""
    made = []

    def make(**fields: Any) -> Call:
        made.append(1)
        number = PhoneNumber.objects.get(number=ACME_NUMBER)
        defaults = {
            "tenant_id": number.tenant_id,
            "phone_number": number,
            "call_sid": new_sid("CA"),
            "account_sid": ACCOUNT,
            "from_number": CUSTOMER,
            "to_number": ACME_NUMBER,
            "started_at": timezone.now() - timedelta(minutes=len(made)),
        }
        return Call.objects.create(**defaults | fields)

    return make


@pytest.fixture
def make_message(acme):
    """Make a text of Acme's; every further one is a minute older."""
    made = []

    def make(**fields: Any) -> Message:
        made.append(1)
        number = PhoneNumber.objects.get(number=ACME_NUMBER)
        defaults = {
            "tenant_id": number.tenant_id,
            "phone_number": number,
            "purpose": "reply",
            "from_number": ACME_NUMBER,
            "to_number": CUSTOMER,
            "body": "On our way",
            "idempotency_key": f"test:{new_sid('XX')}",
            "verdict": {},
            "created_at": timezone.now() - timedelta(minutes=len(made)),
        }
        return Message.objects.create(**defaults | fields)

    return make


@pytest.fixture
def make_conversation(acme):
    """Make an open conversation of Acme's with its own customer; every further one is a minute older."""
    made = []

    def make(**fields: Any) -> Conversation:
        made.append(1)
        contact, _ = Contact.objects.get_or_create(tenant=acme, number=f"+1415555{1000 + len(made)}")
        defaults = {
            "tenant": acme,
            "phone_number": PhoneNumber.objects.get(number=ACME_NUMBER),
            "contact": contact,
            "customer_phone": contact.number,
            "last_activity": timezone.now() - timedelta(minutes=len(made)),
        }
        return Conversation.objects.create(**defaults | fields)

    return make


@pytest.fixture
def add_message(make_message):
    """Add a text to a conversation; every further one is a minute older."""

    def add(conversation: Conversation, **fields: Any) -> Message:
        message = make_message(**fields)
        Entry.objects.create(conversation=conversation, message=message, created_at=message.created_at)
        return message

    return add


INBOUND = {
    "direction": "inbound",
    "status": "received",
    "purpose": "",
    "taken_as": "conversation",
    "sender_type": "customer",
    "from_number": CUSTOMER,
    "to_number": ACME_NUMBER,
}


@pytest.fixture
def make_picture(make_message, settings, tmp_path):
    """Make a customer's text with one stored picture."""
    settings.MEDIA_ROOT = str(tmp_path)

    def make(content: bytes = b"\xff\xd8\xff", content_type: str = "image/jpeg", **fields: Any) -> MessageMedia:
        message = make_message(**INBOUND)
        media = MessageMedia(
            message=message, position=0, account_sid=ACCOUNT, content_type=content_type, state="stored"
        )
        media.file.save("", ContentFile(content), save=False)
        for name, value in fields.items():
            setattr(media, name, value)
        media.save()
        return media

    return make


@pytest.fixture
def make_contact(acme):
    """Make a contact of Acme's; every further one is older, which means a lower id."""
    made = []

    def make() -> Contact:
        made.append(1)
        return Contact.objects.create(pk=1_000_000 - len(made), tenant=acme, number=f"+1415555{1000 + len(made)}")

    return make


@pytest.fixture
def maria(acme):
    """Somebody who may act for Acme, and does not log in here."""
    user = User.objects.create_user("maria")
    Membership.objects.create(tenant=acme, user=user)
    return user


@pytest.fixture
def conversation(twilio, twilio_api, acme, do_due_work):
    """A missed call, its text-back, and what the customer wrote back."""
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")
    do_due_work()
    twilio.text("my sink is blocked")
    do_due_work()
    return Conversation.objects.get()
