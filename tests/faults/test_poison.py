"""One row that always fails, and a bug that one row wakes: the others go on, and it waits for a person."""

from unittest import mock

import pytest
from django.urls import reverse

from calls.models import Call
from conversations import text_back
from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox.facts import DELIVERIES
from nevermisscall.outbox.models import Delivery
from tests.admin.conftest import operator, staff  # noqa: F401 - the same people
from tests.fixtures.webhooks import TwilioPhone

pytestmark = [pytest.mark.django_db, pytest.mark.fault("F26")]

POISON = "+14155550166"


@pytest.fixture
def miss(acme, client):
    """A customer calls and nobody answers."""

    def call(caller: str) -> str:
        phone = TwilioPhone(client)
        phone.incoming_call(From=caller)
        phone.dial_action(DialCallStatus="no-answer", From=caller)
        return caller

    return call


@pytest.fixture
def bug(monkeypatch):
    """A bug that only one caller wakes, until somebody mends it."""
    honest = text_back.answer_missed_call

    def answer(*, call_id: int, **options):
        if Call.objects.get(pk=call_id).from_number == POISON:
            raise RuntimeError("a bug")
        return honest(call_id=call_id, **options)

    broken = mock.create_autospec(honest, side_effect=answer)
    with monkeypatch.context() as patch:
        patch.setattr(text_back, "answer_missed_call", broken)
        yield patch


def texted(twilio_api) -> list[str]:
    return sorted(text["to"] for text in twilio_api.messages())


def test_a_row_that_always_fails_holds_up_nobody_and_waits_for_a_person(
    miss,
    bug,
    twilio_api,
    do_due_work,
    staff,  # noqa: F811
    figure,
):
    others = [miss(f"+1415555020{n}") for n in range(5)]
    miss(POISON)
    for n in range(DELIVERIES.max_attempts):
        others.append(miss(f"+1415555021{n}"))
        do_due_work()
        assert texted(twilio_api) == sorted(others), "they wait for one that fails"
        Delivery.objects.filter(last_error__gt="").update(next_attempt_at=DatabaseClock())

    [dead] = Delivery.objects.filter(dead_at__isnull=False)
    assert (dead.attempts, dead.last_error) == (DELIVERIES.max_attempts, "RuntimeError: a bug")
    page = reverse("admin:dead_letters")
    assert "RuntimeError: a bug" in staff.get(page).text

    bug.undo()
    staff.post(page, {"row": [f"{DELIVERIES.name}:{dead.pk}"]})
    do_due_work()
    assert texted(twilio_api) == sorted([*others, POISON])
    figure(events=len(others) + 1, lost=0, doubled=0, attempts=dead.attempts)
