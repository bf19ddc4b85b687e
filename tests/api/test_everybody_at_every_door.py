"""Each endpoint × everybody who may come: nobody sees or does anything with another business's things.

A new endpoint without a line in DOORS fails the first test.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from conversations.booking.models import Appointment, BusyTime, Resource
from sms.bulk.models import Batch
from tenants.models import Contact, PhoneNumber
from tests.api.conftest import SEND, Caller, with_key, with_session
from tests.api.routes import endpoints, patterns, view_of
from tests.fixtures.people import ACME_NUMBER

HIDDEN, EMPTY = 404, "empty"
CONVERSATION = "/api/conversations/{conversation.pk}"
CHANGE = {"scope": "write", "permission": "change_conversation"}
BATCH = {"body": "Hello", "from": ACME_NUMBER, "recipients": [{"to": "+14155550188"}]}


@dataclass(frozen=True)
class Door:
    """One method of one endpoint, asked about something of Acme's. `rival` is what another business is answered."""

    method: str
    path: str
    ok: int = 200
    rival: int | str = HIDDEN
    body: Any = None
    scope: str = "read"
    permission: str = ""


DOORS: dict[str, list[Door]] = {
    "call-list": [Door("GET", "/api/calls/", rival=EMPTY, permission="view_call")],
    "call": [
        Door("GET", "/api/calls/{call.pk}", permission="view_call"),
        Door("GET", "/api/calls/{call.call_sid}", permission="view_call"),
    ],
    "message-list": [Door("GET", "/api/messages/", rival=EMPTY, permission="view_message")],
    "message": [Door("GET", "/api/messages/{message.pk}", permission="view_message")],
    "message-media": [Door("GET", "/api/messages/{media.message_id}/media/0", permission="view_message")],
    "contact-list": [
        Door("GET", "/api/contacts/?number=(415)+555-0100", rival=EMPTY, permission="view_contact"),
        Door(
            "POST",
            "/api/contacts/",
            ok=201,
            body={"number": "{new_number}", "tenant": "{contact.tenant_id}"},
            scope="write",
            permission="add_contact",
        ),
    ],
    "contact": [
        Door("GET", "/api/contacts/{contact.pk}", permission="view_contact"),
        Door("PATCH", "/api/contacts/{contact.pk}", body={"name": "Ann"}, scope="write", permission="change_contact"),
    ],
    "consent-list": [
        Door("GET", "/api/contacts/{contact.pk}/consents", permission="view_consent"),
        Door(
            "POST",
            "/api/contacts/{contact.pk}/consents",
            ok=201,
            body={"channel": "voice", "purpose_class": "informational", "granted": True},
            scope="write",
            permission="add_consent",
        ),
    ],
    "conversation-list": [
        Door("GET", "/api/conversations/", rival=EMPTY, permission="view_conversation"),
        Door("GET", "/conversations/", rival=EMPTY, permission="view_conversation"),
    ],
    "conversation": [
        Door("GET", CONVERSATION, permission="view_conversation"),
        Door("GET", "/conversations/{conversation.pk}", permission="view_conversation"),
    ],
    "conversation-messages": [Door("GET", f"{CONVERSATION}/messages", permission="view_conversation")],
    "conversation-takeover": [
        Door("POST", f"{CONVERSATION}/takeover", body={"user_id": "{maria.pk}"}, **CHANGE),
        Door("POST", "/conversations/{conversation.pk}/takeover", body={"user_id": "{maria.pk}"}, **CHANGE),
    ],
    "conversation-reply": [Door("POST", f"{CONVERSATION}/reply", ok=202, body={"body": "On our way"}, **CHANGE)],
    "conversation-release": [Door("POST", f"{CONVERSATION}/release", body={}, **CHANGE)],
    "conversation-complete": [Door("POST", f"{CONVERSATION}/complete", body={"outcome": "resolved"}, **CHANGE)],
    "bulk-list": [
        Door("GET", "/api/sms/bulk", rival=EMPTY, permission="view_batch"),
        Door("POST", "/api/sms/bulk", ok=202, rival=400, body=BATCH, scope="write", permission="add_batch"),
    ],
    # It stores nothing and reads nothing but what it is given.
    "bulk-preview": [Door("POST", "/api/sms/bulk/preview", rival=200, body=BATCH, permission="view_batch")],
    "bulk": [Door("GET", "/api/sms/bulk/{batch.pk}", permission="view_batch")],
    "bulk-pause": [Door("POST", "/api/sms/bulk/{batch.pk}/pause", scope="write", permission="change_batch")],
    "bulk-resume": [Door("POST", "/api/sms/bulk/{paused.pk}/resume", scope="write", permission="change_batch")],
    "bulk-cancel": [Door("POST", "/api/sms/bulk/{batch.pk}/cancel", scope="write", permission="change_batch")],
    "bulk-results": [Door("GET", "/api/sms/bulk/{batch.pk}/results", permission="view_batch")],
    "appointment-list": [Door("GET", "/api/appointments/", rival=EMPTY, permission="view_appointment")],
    "appointment": [Door("GET", "/api/appointments/{visit.pk}", permission="view_appointment")],
    "appointment-confirm": [
        Door("POST", "/api/appointments/{visit.pk}/confirm", scope="write", permission="change_appointment")
    ],
    "appointment-decline": [
        Door("POST", "/api/appointments/{visit.pk}/decline", scope="write", permission="change_appointment")
    ],
    "appointment-cancel": [
        Door("POST", "/api/appointments/{visit.pk}/cancel", scope="write", permission="change_appointment")
    ],
    "slot-list": [Door("GET", "/api/slots/?tenant={visit.tenant_id}", permission="view_appointment")],
    "busy-time-list": [
        Door("GET", "/api/busy-times/", rival=EMPTY, permission="view_busytime"),
        Door(
            "POST",
            "/api/busy-times/",
            ok=201,
            rival=400,  # `resource` is a field, and Acme's crew is none of theirs
            body={
                "starts_at": "2035-11-27T15:00:00Z",
                "ends_at": "2035-11-27T16:00:00Z",
                "resource": "{visit.resource_id}",
            },
            scope="write",
            permission="add_busytime",
        ),
    ],
    "busy-time": [
        Door("GET", "/api/busy-times/{busy.pk}", permission="view_busytime"),
        Door("DELETE", "/api/busy-times/{busy.pk}", ok=204, scope="write", permission="delete_busytime"),
    ],
    "sms-send": [
        Door(
            "POST",
            SEND,
            ok=202,
            rival=400,  # `from` is a field, and Acme's number is none of theirs
            body={"to": "+14155550188", "body": "Hello", "from": ACME_NUMBER},
            scope="write",
            permission="add_message",
        )
    ],
}
ALL = [(name, door) for name, doors in DOORS.items() for door in doors]
each_door = pytest.mark.parametrize(("name", "door"), ALL, ids=[f"{door.method} {door.path}" for _, door in ALL])


@pytest.fixture
def ask(acme, make_call, make_message, make_picture, make_conversation, maria):
    """Send one request, each about things of Acme's that nobody has touched."""

    def send(caller: Caller, door: Door, *, slash: bool = False):
        call = make_call()
        things = {
            "call": call,
            "new_number": f"+1415{2_000_000 + call.pk}",
            "message": make_message(),
            "media": make_picture(),
            "conversation": make_conversation(),
            "maria": maria,
            "contact": Contact.objects.get_or_create(tenant=acme, number="+14155550100")[0],
            "batch": batch("running"),
            "paused": batch("paused"),
            "visit": visit(),
            "busy": BusyTime.objects.create(**time_of_crew()),
        }
        path, _, query = door.path.format(**things).partition("?")
        path = path.rstrip("/") + "/" if slash else path.rstrip("/")
        body = door.body and {name: fill(value, things) for name, value in door.body.items()}
        answer = caller.request(door.method, f"{path}?{query}", body)
        if answer.streaming:
            answer.getvalue()  # read to its end, a file is closed
        return answer

    def fill(value: Any, things: dict[str, Any]) -> Any:
        return value.format(**things) if isinstance(value, str) else value

    def batch(status: str) -> Batch:
        number = PhoneNumber.objects.get(number=ACME_NUMBER)
        return Batch.objects.create(tenant=acme, phone_number=number, body="Hello", purpose="bulk", status=status)

    def visit() -> Appointment:
        contact, _ = Contact.objects.get_or_create(tenant=acme, number="+14155550123")
        key = str(Appointment.objects.count())
        fields = {"contact": contact, "idempotency_key": key, "hold_expires_at": timezone.now() + timedelta(hours=1)}
        return Appointment.objects.create(**time_of_crew(), **fields)

    def time_of_crew() -> dict[str, Any]:
        crew, _ = Resource.objects.get_or_create(tenant=acme, name="Crew")
        starts_at = timezone.now() + timedelta(days=1, hours=2 * Appointment.objects.count())
        return {"tenant": acme, "resource": crew, "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=1)}

    return send


@pytest.mark.fault("F22")
def test_every_endpoint_has_a_line_here():
    missing = {
        f"{name} {method}"
        for name, view in endpoints().items()
        for method in view.scopes
        if method not in {door.method for door in DOORS.get(name, [])}
    }

    assert missing == set()
    assert set(DOORS) == set(endpoints())


def test_every_method_of_an_endpoint_says_what_it_needs():
    for name, view in endpoints().items():
        methods = set(view().allowed_methods) - {"HEAD", "OPTIONS"}
        assert set(view.scopes) == set(view.staff_permissions) == methods, name


def test_everything_below_api_is_an_endpoint_a_webhook_or_the_description():
    from nevermisscall.api.schema import DocsView, SchemaView
    from nevermisscall.api.views import ApiView
    from nevermisscall.webhooks.views import TwilioWebhookView

    known = (ApiView, TwilioWebhookView, SchemaView, DocsView)
    odd = [
        route for route, pattern in patterns() if route.startswith("api/") and not issubclass(view_of(pattern), known)
    ]

    assert odd == []


@pytest.mark.fault("F22")
@each_door
def test_nobody_gets_in(name, door, ask, nobody):
    answer = ask(nobody, door)

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "NOT_AUTHENTICATED")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@each_door
@pytest.mark.parametrize("slash", [False, True])
def test_the_business_itself_gets_in_with_and_without_a_slash(name, door, slash, ask, acme):
    assert ask(with_key(acme), door, slash=slash).status_code == door.ok


@pytest.mark.fault("F22")
@each_door
def test_another_business_sees_nothing(name, door, ask, rival, logged):
    answer = ask(with_key(rival), door)

    if door.rival == EMPTY:
        assert answer.json() == {"next": None, "previous": None, "results": []}
    else:
        assert answer.status_code == door.rival
        line = next(line for line in map(json.loads, logged().splitlines()) if line["message"] == "request")
        assert (line["status"], line["tenant_id"]) == (door.rival, rival.pk)
        assert line["api_key_id"]


@each_door
def test_a_key_needs_the_scope(name, door, ask, acme):
    others = {"read", "write", "admin"} - {door.scope}

    assert ask(with_key(acme, door.scope), door).status_code == door.ok
    answer = ask(with_key(acme, *others), door)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "INSUFFICIENT_SCOPE")


@each_door
def test_the_platform_gets_in(name, door, ask):
    assert ask(with_key(None), door).status_code == door.ok


@pytest.mark.fault("F22")
@each_door
def test_the_staff_needs_the_permission_it_needs_in_the_admin(name, door, ask):
    assert ask(with_session(door.permission), door).status_code == door.ok
    assert ask(with_session(is_superuser=True), door).status_code == door.ok
    assert ask(with_session(), door).status_code == 403


@each_door
def test_a_login_that_is_not_staff_is_nobody(name, door, ask):
    assert ask(with_session(door.permission, is_staff=False), door).status_code == 401


@each_door
@pytest.mark.parametrize("status", ["suspended", "closed"])
def test_a_suspended_business_reads_and_does_nothing_else(name, door, status, ask, acme):
    acme.status = status
    acme.save()
    answer = ask(with_key(acme), door)

    if door.scope == "read":
        assert answer.status_code == door.ok
    else:
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "TENANT_NOT_ACTIVE")
