"""The API as its own description has it, for schemathesis to ask: as the description allows, and as it does not.

The checks of schemathesis that follow a thing through several requests (`use_after_free`, `object_level_authorization`,
`ensure_resource_availability`) find nothing to follow, since each request is undone.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings, strategies

from conversations.booking.models import Appointment, BusyTime, Resource
from conversations.models import Entry
from nevermisscall.wsgi import application
from sms.bulk.models import Batch, Recipient
from tenants import consenting
from tenants.models import Consent, Contact, Membership, PhoneNumber
from tests.api.conftest import INBOUND, with_key
from tests.api.routes import operations
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, make_business

ID = 1_000_000_000  # of everything that Acme has: no sequence gets there
SID = "CA" + "1" * 32
KNOWN = {"id": ID, "position": 0, "ref": str(ID)}
SPELLINGS = [ACME_NUMBER, CUSTOMER, "(415) 555-0188", "415.555.0199", "+44 20 7946 0958", "1-800-356-9377"]
TOMORROW = (timezone.now() + timedelta(days=1)).isoformat()

# Why the API refuses what its description allows: what no description can say.
REASONS = re.compile(
    r"is not a cursor of this list"
    r"|is (in the past|more than \d+ days ahead)|must be later than starts_at"
    r"|Datetime value out of range|is no number of this business|is none of this business|is needed here"
    r"|is empty, and there is no media|Enter a valid URL|may not be blank|Null characters are not allowed"
    r"|is missing; the text uses it|is the same person as row|characters with this row's values"
    r"|is not UTF-8|the first line must name the columns|is missing: a CSV file"
)


# What most examples have in these places, so that they get further than to a 404.
OFTEN: dict[str, list[int | str]] = {
    "path.id": [ID],
    "path.position": [0],
    "path.ref": [str(ID), SID],
    "query.cursor": ["bz0x", ""],  # the second page of anything
    "query.conversation": [ID],
    "query.resource": [ID],
    "query.tenant": [ID],
    "body.from": [ACME_NUMBER],
    "body.tenant": [ID],
    "body.user_id": [ID],
    "body.resource": [ID],
    "body.send_at": [TOMORROW],
    "body.media[*]": ["https://example.com/picture.jpg"],
}
CONFIG = {
    "dictionaries": {name: {"values": values} for name, values in OFTEN.items()},
    "parameters": {name: {"dictionary": name, "probability": 0.8} for name in OFTEN},
    "generation": {"with-security-parameters": False, "database": "none"},
    "checks": {
        # 400 too: `refused_for_a_reason` looks at it.
        "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404", "409"]},
        # It sends three more requests for each that succeeds; test_everybody_at_every_door.py asks with every key once.
        "ignored_auth": {"enabled": False},
    },
}

every_operation = pytest.mark.parametrize(("method", "path"), sorted(operations(), key=lambda one: one[::-1]))


def served(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Answer as a web server does: read to its end, then closed."""
    answer: Iterable[bytes] = application(environ, start_response)
    try:
        return [b"".join(answer)]
    finally:
        answer.close()


@cache
def description():
    """Return the description that the product serves. schemathesis takes a second to load: not while collecting."""
    import schemathesis

    schemathesis.openapi.format("phone", strategies.sampled_from(SPELLINGS))
    config = schemathesis.Config.from_dict(CONFIG)
    return schemathesis.openapi.from_wsgi("/api/schema/?format=json", served, config=config)


def refused_for_a_reason(_context, answer, case) -> None:
    """A request that the description allows is refused only for what no description can say."""
    if case.meta.generation.mode.is_positive and answer.status_code == 400:
        fields = answer.json()["error"].get("fields", {"": answer.text})
        assert {name: why for name, why in fields.items() if not REASONS.search(why)} == {}


@pytest.fixture
def acme(db):
    return make_business(pk=ID)


@pytest.fixture
def key(acme, make_call, make_message, make_picture, make_conversation) -> Iterator[str]:
    """What a program of Acme's says in `Authorization`. Acme has one of everything."""
    tomorrow = timezone.now() + timedelta(days=1)
    hour = {"starts_at": tomorrow, "ends_at": tomorrow + timedelta(hours=1)}
    number = PhoneNumber.objects.get(number=ACME_NUMBER)
    contact = Contact.objects.create(pk=ID, tenant=acme, number=CUSTOMER)
    Membership.objects.create(tenant=acme, user=User.objects.create_user("maria", pk=ID))
    consenting.record_contact(contact, source=Consent.Source.CALL, evidence=SID)
    make_call(pk=ID, call_sid=SID)
    message = make_message(pk=ID, **INBOUND)
    picture = make_picture()
    picture.message = message
    picture.save()
    conversation = make_conversation(pk=ID, contact=contact, customer_phone=CUSTOMER)
    Entry.objects.create(conversation=conversation, message=message, created_at=message.created_at)
    batch = Batch.objects.create(
        pk=ID, tenant=acme, phone_number=number, body="Hello", purpose="bulk", status="running", total=1
    )
    Recipient.objects.create(batch=batch, row=1, to_number=CUSTOMER)
    crew = Resource.objects.create(pk=ID, tenant=acme, name="Crew")
    BusyTime.objects.create(pk=ID, tenant=acme, resource=crew, **hour)
    Appointment.objects.create(
        pk=ID, tenant=acme, resource=crew, contact=contact, conversation=conversation, hold_expires_at=tomorrow, **hour
    )
    # As Django's own test client does: the connection of an open transaction is not to be closed after a request.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield with_key(acme).headers["Authorization"]
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def ask(case, key: str) -> None:
    """Send one request, look at the answer and at the constraints of the database, and undo what it did."""
    path = case.meta.components.get("path")
    if case.meta.phase.name.value == "coverage" and path is not None and path.mode.is_positive:
        case.path_parameters.update({name: KNOWN[name] for name in case.path_parameters})
    with transaction.atomic():
        try:
            case.call_and_validate(headers={"Authorization": key}, additional_checks=[refused_for_a_reason])
            connection.check_constraints()
        finally:
            transaction.set_rollback(True)


def ask_everything(method: str, path: str, key: str, **chosen: Any) -> int:
    """Send one operation each edge of what its description allows, and random requests; returns how many in all.

    `chosen` are settings of hypothesis: `max_examples` is how many are random.
    """
    from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test

    asked = 0

    def one(case) -> None:
        nonlocal asked
        asked += 1
        ask(case, key)

    # What schemathesis' pytest plugin does too; that gives all operations the same node id, and xdist runs one of them.
    how = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck), **chosen)
    config = HypothesisTestConfig(project=description().config, modes=list(HypothesisTestMode), settings=how)
    create_test(operation=description()[path][method], test_func=one, config=config)()
    return asked
