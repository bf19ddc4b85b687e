"""The whole server away under traffic: Twilio gets no answers, and its own lists bring everything back, once.

`AWAY_SECONDS` in the environment makes it shorter.
"""

import itertools
import os
import threading
from collections import Counter

import pytest

from nevermisscall.twilio.emulator.control import answers, caller_hangs_up, no_answer
from tests.journeys import traffic as t
from tests.journeys.stack import wait_until

AWAY_SECONDS = float(os.environ.get("AWAY_SECONDS", "60"))
EVERY_SECONDS = 0.5
# A run leaves out the last minute, and begins a minute after the start.
FOUND_WITHIN = 240.0


class Customers:
    """Call and text at an even pace, from a thread; each is a new one."""

    def __init__(self, phone, numbers) -> None:
        self.phone = phone
        self.numbers = numbers
        self.calls: dict[str, str] = {}  # SID → customer
        self.texts: dict[str, str] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        kinds = itertools.cycle([no_answer(), None, answers(talk=20.0), None, caller_hangs_up(after=5.0)])
        while not self._stop.wait(EVERY_SECONDS):
            kind, customer = next(kinds), next(self.numbers)
            if kind is None:
                sid = self.phone.send_text(from_=customer, to=t.BUSINESS, body=f"I am {customer}")
                self.texts[sid] = customer
                continue
            sid = self.phone.place_call(from_=customer, to=t.BUSINESS, owner=kind)
            self.calls[sid] = customer


@pytest.mark.fault("F25")
@pytest.mark.parametrize("gone", [["web"], ["web", "worker"]], ids=["web", "everything"])
def test_what_came_while_we_were_away_is_here_afterwards_once(away, gone, say, figure):
    numbers = (f"+1917{2_000_000 + n}" for n in itertools.count(500_000 * len(gone)))
    with Customers(away.phone, numbers) as before:
        threading.Event().wait(3)
    for name in gone:
        away.kill(name)
    with Customers(away.phone, numbers) as during:
        threading.Event().wait(AWAY_SECONDS)
    for name in gone:
        away.start_process(name)
    wait_until(away.is_live, seconds=60)
    calls, texts = before.calls | during.calls, before.texts | during.texts

    def lacking() -> int:
        decided = away.rows("SELECT call_sid FROM calls_call WHERE outcome > '' AND call_sid = ANY(%s)", list(calls))
        here = away.rows("SELECT message_sid FROM sms_message WHERE message_sid = ANY(%s)", list(texts))
        return len(calls) + len(texts) - len(decided) - len(here)

    lost_at_first = lacking()
    wait_until(lambda: not lacking(), seconds=FOUND_WITHIN)
    outcomes = dict(away.rows("SELECT call_sid, outcome FROM calls_call WHERE call_sid = ANY(%s)", list(calls)))
    missed = {calls[sid] for sid, outcome in outcomes.items() if outcome == "missed"}

    def texted() -> Counter[str]:
        sent = [each for each in away.phone.messages() if each["direction"].startswith("outbound")]
        return Counter(each["to"] for each in sent if "missed your call" in each["body"])

    wait_until(lambda: missed <= set(texted()), seconds=60)
    told = texted()
    doubled = sum(count > 1 for count in told.values())
    entries = away.rows(
        "SELECT count(*), count(DISTINCT message_id) FROM conversations_entry JOIN sms_message m ON m.id = message_id "
        "WHERE m.message_sid = ANY(%s)",
        list(texts),
    )
    came_to = dict(Counter(outcomes.values()))
    say(f"{len(calls)} calls and {len(texts)} texts, {lost_at_first} of them not here at first; calls: {came_to}")
    figure(events=len(calls) + len(texts), lost=lacking(), doubled=doubled, found=lost_at_first)
    assert lost_at_first > 0
    assert (doubled, entries) == (0, [(len(texts), len(texts))])
    assert missed == set(told) & set(calls.values())
