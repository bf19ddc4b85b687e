"""Calls as programs read them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.fixtures.people import ACME_NUMBER, CUSTOMER


def test_a_missed_call_is_shown_as_the_design_says(api, twilio):
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")
    twilio.call_ends(CallDuration="24")
    [shown] = api.get("/api/calls/").json()["results"]

    times = {name: shown.pop(name) for name in ("started_at", "answered_at", "ended_at")}
    assert list(times.values()) == [times["started_at"], None, times["ended_at"]]
    assert times["started_at"].endswith("Z")
    assert shown == {
        "id": shown["id"],
        "call_sid": twilio.call_sid,
        "from": CUSTOMER,
        "to": ACME_NUMBER,
        "direction": "inbound",
        "status": "completed",
        "outcome": "missed",
        "missed_reason": "no_answer",
        "duration": 24,
    }
    for ref in (shown["id"], twilio.call_sid):
        assert api.get(f"/api/calls/{ref}").json() == {**shown, **times}


def test_a_call_that_is_still_ringing_has_no_outcome(api, twilio):
    twilio.incoming_call()
    shown = api.get(f"/api/calls/{twilio.call_sid}").json()

    assert (shown["outcome"], shown["missed_reason"], shown["duration"]) == (None, None, None)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["new", "old", "anonymous"]),
        ("outcome=missed", ["old"]),
        ("outcome=missed&from=%2B14155550123", ["old"]),
        ("from=4155550199", ["new"]),
        ("from=anonymous", ["anonymous"]),
        ("to=+15005550100", ["new", "old", "anonymous"]),
        ("to=+15005550900", []),
        ("call_sid=CAold", ["old"]),
        ("call_sid=CA", []),
        ("since={since}", ["new"]),
        ("ordering=started_at", ["anonymous", "old", "new"]),
        ("colour=blue", ["new", "old", "anonymous"]),
    ],
)
def test_calls_are_found(api, make_call, query, found):
    hour_ago = timezone.now() - timedelta(hours=1)
    make_call(call_sid="CAnew", from_number="+14155550199")
    make_call(call_sid="CAold", outcome="missed", missed_reason="busy", started_at=hour_ago)
    make_call(call_sid="CAanonymous", from_number="anonymous", started_at=hour_ago - timedelta(hours=1))
    since = (timezone.now() - timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    rows = api.get(f"/api/calls/?{query.format(since=since)}").json()["results"]

    assert [row["call_sid"].removeprefix("CA") for row in rows] == found


@pytest.mark.parametrize("query", ["since=yesterday", "since=2026-11-20T10:00:00", "outcome=lost", "ordering=duration"])
def test_a_question_that_makes_no_sense_is_said(api, query):
    answer = api.get(f"/api/calls/?{query}")

    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, [query.partition("=")[0]])


def test_the_webhook_beside_the_calls_stays_a_webhook(api):
    assert api.post("/api/calls/incoming").json()["error"]["code"] == "INVALID_SIGNATURE"
