"""Alert calls when the database is away, or our own code fails."""

from unittest import mock

import pytest
from django.db import OperationalError

from calls.alerts import services
from nevermisscall.lib.database import breaker
from tests.calls.alerts.conftest import result_of
from tests.calls.conftest import attributes, numbers, verbs
from tests.fixtures.people import CUSTOMER

pytestmark = pytest.mark.django_db


@pytest.fixture
def broken(monkeypatch):
    """Let recording fail, as it does while the database is away."""

    def go_away(name: str) -> None:
        failing = mock.create_autospec(getattr(services, name), side_effect=OperationalError)
        monkeypatch.setattr(services, name, failing)

    return go_away


def test_without_a_database_the_person_is_sent_to_their_texts(phone, broken):
    broken("pick_up")
    answer = phone.picks_up()

    assert verbs(answer) == ["Say", "Say", "Hangup"]
    assert "check your texts" in answer.text


def test_a_1_that_could_not_be_kept_is_asked_for_again_and_counts_then(phone, broken, monkeypatch):
    broken("press")
    answer = phone.presses("1")
    assert attributes(answer, "Gather")["action"].endswith(f"/{phone.alert.token}/press")

    monkeypatch.undo()
    breaker.close()
    assert numbers(phone.presses("1")) == [CUSTOMER]
    assert result_of(phone.alert) == ("accepted", "")


def test_a_1_that_was_asked_for_again_in_vain_does_not_count_later(phone, broken, monkeypatch, replay):
    broken("press")
    phone.presses("1")
    monkeypatch.undo()
    replay()

    assert result_of(phone.alert) != ("accepted", "")


def test_progress_that_could_not_be_recorded_is_recorded_later(phone, broken, monkeypatch, replay):
    broken("follow")
    assert phone.status("no-answer").status_code == 204
    monkeypatch.undo()
    assert replay().recorded == 1

    assert result_of(phone.alert) == ("unanswered", "no_answer")
