"""The day's report: every call that Twilio knows has one outcome here, and what has none is looked for."""

from datetime import UTC, datetime, time, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from calls.models import Call
from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.metrics.gathering import gather
from nevermisscall.outbox.models import Fact
from nevermisscall.reconciling import disposition
from nevermisscall.reconciling.models import Disposition, Reconciliation
from sms.models import Message
from tenants.models import PhoneNumber
from tests.fixtures.people import OWNER_PHONE
from tests.fixtures.webhooks import ACCOUNT, TwilioPhone

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def yesterday():
    """Ago is since noon of yesterday."""
    noon = datetime.combine(datetime.now(UTC).date() - DAY, time(12), UTC)
    return datetime.now(UTC) - noon


@pytest.fixture
def counted(acme, client, lists, since, yesterday):
    """Yesterday: one answered, one that is not here, and one to a number that is not ours. All is reconciled."""
    since(timedelta(seconds=61))
    answered = TwilioPhone(client)
    answered.answered_call()
    lists.call(ago=yesterday, sid=answered.call_sid)
    lost = lists.call(ago=yesterday, status="no-answer")
    lists.call(ago=yesterday, to="+15005559999")
    lists.call(ago=yesterday + DAY)  # the day before
    Reconciliation.objects.update(reconciled_until=datetime.now(UTC))
    return lost


def test_each_call_of_the_day_is_counted_once(counted, caplog):
    assert disposition.count_yesterday() == 1

    row = Disposition.objects.get()
    assert row.day == datetime.now(UTC).date() - DAY
    assert (row.answered, row.missed, row.undecided, row.not_here, row.not_ours) == (1, 0, 0, 1, 1)
    assert row.call_sids == [counted.sid]
    fact = Fact.objects.get(topic="calls.unaccounted")
    assert fact.data["call_sids"] == [counted.sid]
    assert "have no outcome here" in caplog.text


def test_what_came_before_the_number_was_ours_is_left_alone(acme, lists, since, reconcile, yesterday):
    """A number that worked elsewhere until today: its calls and texts of yesterday are nobody's news."""
    PhoneNumber.objects.update(created_at=DatabaseClock())
    lists.call(ago=yesterday, status="no-answer")
    lists.text("I smell gas", ago=yesterday)
    lists.outgoing("We are on our way", ago=yesterday)
    since(timedelta())
    disposition.count_yesterday()
    row = Disposition.objects.get()
    assert (row.not_here, row.not_ours) == (0, 1)

    since(2 * DAY)
    assert reconcile() == {"looked_at": 3, "ignored": 3}
    assert not Call.objects.exists()
    assert not Message.objects.exists()


def test_what_has_no_outcome_is_looked_for_and_the_day_counted_again(counted, reconcile):
    disposition.count_yesterday()
    assert reconcile()["created"] == 1
    assert disposition.count_yesterday() == 1

    row = Disposition.objects.get()
    assert (row.missed, row.without_outcome, row.call_sids) == (1, 0, [])
    assert Fact.objects.filter(topic="calls.unaccounted").count() == 1
    assert disposition.count_yesterday() == 0  # it is complete


def test_days_on_which_nothing_ran_are_made_up_for(counted, lists, yesterday):
    PhoneNumber.objects.update(created_at=DatabaseClock() - 10 * DAY)
    last = datetime.now(UTC).date() - 4 * DAY  # then the server was away for days
    Disposition.objects.create(account_sid=ACCOUNT, day=last, not_here=1, counted_at=DatabaseClock())
    lost = lists.call(ago=yesterday + 2 * DAY, status="no-answer")

    assert disposition.count_yesterday() == 3
    assert [row.day for row in Disposition.objects.order_by("day")] == [last + n * DAY for n in range(4)]
    assert Disposition.objects.get(day=last + DAY).call_sids == [lost.sid]
    assert disposition.count_yesterday() == 1  # yesterday, which lacks a call; the others were counted


def test_a_call_without_an_outcome_is_named(acme, client, lists, since, yesterday):
    since(DAY * 3)
    phone = TwilioPhone(client)
    phone.incoming_call()
    lists.call(ago=yesterday, sid=phone.call_sid)
    refused = TwilioPhone(client)
    refused.incoming_call(From=OWNER_PHONE)
    lists.call(ago=yesterday, sid=refused.call_sid, from_=OWNER_PHONE)
    row = disposition.count(ACCOUNT, datetime.now(UTC).date() - DAY)

    assert (row.undecided, row.refused, row.call_sids) == (1, 1, [phone.call_sid])


def test_the_figures_are_in_the_metrics(counted):
    disposition.count_yesterday()
    figures = gather()

    assert figures["disposition"]["calls"]["not_here"] == 1
    assert figures["disposition"]["without_outcome"] == 1
    assert figures["reconciliation"]["behind_seconds"] >= 0


def test_the_command_says_it(counted):
    output = StringIO()
    call_command("disposition", stdout=output)

    assert "1 answered, 0 missed, 0 refused, 0 undecided, 1 not here, 0 going on, 1 not ours" in output.getvalue()
    assert f"{counted.sid} has no outcome here" in output.getvalue()
    assert Disposition.objects.count() == 1


def test_a_day_that_is_not_over_is_not_stored(counted):
    call_command("disposition", "--day", f"{datetime.now(UTC):%Y-%m-%d}", stdout=StringIO())

    assert not Disposition.objects.exists()
    assert Call.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--day", "monday"], "is not a day"),
        (["--day", "2999-01-01"], "in the future"),
        (["--account", "AC1"], "not an account of ours"),
    ],
)
def test_a_mistake_is_explained(acme, lists, arguments, said):
    with pytest.raises(CommandError, match=said):
        call_command("disposition", *arguments)
