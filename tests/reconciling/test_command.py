"""`manage.py reconcile`."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from calls.models import Call
from nevermisscall.reconciling.models import Reconciliation
from tests.calls.conftest import result_of
from tests.fixtures.webhooks import ACCOUNT

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def run(*arguments: str) -> str:
    output = StringIO()
    call_command("reconcile", *arguments, stdout=output)
    return output.getvalue()


def test_it_enters_what_is_missing_since_then(acme, lists):
    call = lists.call(ago=3 * HOUR, status="no-answer")
    lists.call(ago=30 * HOUR, status="no-answer")
    said = run("--since", "1d")

    assert result_of(call.sid) == ("missed", "abandoned")
    assert Call.objects.count() == 1
    assert "calls: 1 looked at, 1 created" in said
    assert said.splitlines()[-1] == "  done: 1 looked at, 1 created"
    assert "nothing there" in run("--since", "10m")


def test_without_since_it_goes_on_where_the_last_run_ended(acme, lists, since):
    since(2 * HOUR)
    lists.call(ago=HOUR, status="no-answer")
    run()

    row = Reconciliation.objects.get()
    assert row.figures["created"] == 1
    assert datetime.now(UTC) - row.reconciled_until < timedelta(minutes=2)
    assert "created" not in run()


def test_a_part_of_the_past_leaves_the_watermark(acme, lists, since):
    before = since(HOUR).reconciled_until
    run("--since", "1d", "--until", "20h")

    assert Reconciliation.objects.get().reconciled_until == before


def test_a_dry_run_only_says_what_is_missing(acme, lists, since):
    before = since(2 * HOUR).reconciled_until
    call = lists.call(ago=HOUR, status="no-answer")
    said = run("--dry-run")

    assert f"calls: {call.sid}" in said
    assert "nothing was changed: 1 looked at, 1 missing" in said
    assert not Call.objects.exists()
    assert Reconciliation.objects.get().reconciled_until == before


def test_an_iso_time_is_utc_unless_it_says_otherwise(acme, lists):
    call = lists.call(ago=HOUR, status="no-answer")
    run("--since", f"{call.created_at + timedelta(seconds=1):%Y-%m-%dT%H:%M:%S}")
    assert not Call.objects.exists()
    run("--since", call.created_at.isoformat(), "--account", ACCOUNT)

    assert Call.objects.count() == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--since", "yesterday"], "neither a time such as"),
        (["--since", "999999d"], "neither a time such as"),
        (["--since", "2h", "--until", "3h"], "is not before the end"),
        (["--until", "2d"], "the end of the last run: .* is not before the end.*; --since says"),
        (["--since", "2999-01-01"], "is in the future"),
        (["--since", "2h", "--account", "AC" + "7" * 32], "is not an account of ours"),
    ],
)
def test_a_mistake_is_explained(acme, lists, arguments, said):
    with pytest.raises(CommandError, match=said):
        run(*arguments)


def test_a_twilio_that_refuses_is_explained(acme, lists):
    lists.call(ago=HOUR, status="no-answer")
    lists.control.set_faults(*({"kind": "error", "on": on, "status": 503} for on in ("messages.list", "calls.list")))

    with pytest.raises(CommandError, match=r"cannot be read.*run the same again"):
        run("--since", "2h")
