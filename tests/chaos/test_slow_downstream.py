"""A service we ask takes 30 s, or sends a byte a second: webhooks, texts and customers notice nothing of it."""

import statistics
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.conversations.ai.fake_server import FakeServer
from tests.faults.proxy import Proxy
from tests.journeys import ledger
from tests.journeys.stack import wait_until
from tests.journeys.traffic import Traffic
from tests.journeys.waiting import answers

SECONDS = 30
WAITING = 50
# How long texts waited for a sender.
DELAYS = """
    SELECT extract(epoch FROM a.started_at - m.created_at)
    FROM sms_sendattempt a JOIN sms_message m ON m.id = message_id
    WHERE m.to_number = ANY(%s)
"""
BEHIND = """
    SELECT coalesce(max(extract(epoch FROM clock_timestamp() - next_attempt_at)), 0) FROM outbox_delivery
    WHERE next_attempt_at < clock_timestamp()
"""
BACKENDS = {
    "dispatchbot": lambda url: {"DISPATCHBOT_URL": url, "DISPATCHBOT_API_KEY": "secret"},
    "openai": lambda url: {"AI_BACKEND": "openai", "OPENAI_BASE_URL": f"{url}/v1", "AI_MODEL": "any"},
}
MANNERS = {"30 s slow": lambda proxy: proxy.delay(30), "a byte a second": lambda proxy: proxy.trickle(1)}


@pytest.fixture(scope="module", autouse=True)
def fast_number(stack):
    stack.rows("UPDATE tenants_phonenumber SET texts_per_second = 50 RETURNING 1")
    ledger.warm_up(stack)


@pytest.fixture
def proxy(stack):
    """Between the worker and a service that would answer; the worker is started anew without it afterwards."""
    fake = FakeServer()
    fake.reply({"success": True})
    with Proxy("127.0.0.1", urlsplit(fake.url).port) as running:
        yield running
    fake.stop()
    restart_worker(stack)


def restart_worker(stack, **env: str) -> None:
    stack.kill("worker")
    beat = "SELECT count(*) FROM outbox_heartbeat WHERE started_at > %s::timestamptz"
    [(now,)] = stack.rows("SELECT clock_timestamp()::text")
    stack.start_process("worker", **env)
    wait_until(lambda: stack.rows(beat, now)[0][0], seconds=60)


def delays(traffic) -> list[float]:
    """Return how long the texts of missed calls waited for a sender, in seconds."""
    missed = [story.customer for story in traffic.stories if story.kind == "missed"]
    return [float(delay) for (delay,) in traffic.stack.rows(DELAYS, missed)]


def quiet(stack, meanwhile: Callable[[], object] = lambda: None) -> tuple[dict, list[float]]:
    """The same traffic without a fault, to compare with."""
    with Traffic(stack) as traffic:
        time.sleep(2)
        meanwhile()
        time.sleep(SECONDS / 2)
    wait_until(lambda: not ledger.untexted(traffic), seconds=60)
    return ledger.answers(traffic), delays(traffic)


def compare(traffic, before: dict, now: dict) -> dict:
    return {
        "p50_ms": now["p50 ms"],
        "p50_without_ms": before["p50 ms"],
        "p99_ms": now["p99 ms"],
        "p99_without_ms": before["p99 ms"],
    }


def assert_as_fast(before: dict, now: dict) -> None:
    # p99 of a few hundred requests on a busy machine is a matter of luck; the median is not.
    assert now["p50 ms"] <= before["p50 ms"] * 1.1 + 5
    assert now["p99 ms"] <= before["p99 ms"] * 1.1 + 100


@pytest.mark.fault("F11")
@pytest.mark.parametrize(
    ("backend", "manner"),
    [("dispatchbot", "30 s slow"), ("dispatchbot", "a byte a second"), ("openai", "a byte a second")],
)
def test_the_ai_is_slow(stack, phone, waiting, proxy, say, figure, backend, manner):
    # To answer fifty at once costs this machine something without any fault, too: then the rules do.
    restart_worker(stack)
    before, undisturbed = quiet(stack, lambda: waiting(f"+14{10 + proxy.port % 89}", WAITING, "now()"))
    restart_worker(stack, **BACKENDS[backend](f"http://127.0.0.1:{proxy.port}"))
    MANNERS[manner](proxy)
    with Traffic(stack) as traffic:
        time.sleep(2)
        due = waiting(f"+13{10 + proxy.port % 89}", WAITING, "now()")
        began = time.monotonic()
        wait_until(lambda: proxy.connections >= 3, seconds=20)
        wait_until(lambda: len(answers(stack, due)) >= WAITING, seconds=40)
        asked, answered_in = proxy.connections, time.monotonic() - began
        time.sleep(max(0.0, 15 - answered_in))
        not_asked = proxy.connections - asked
        time.sleep(SECONDS / 3)
    wait_until(lambda: not ledger.untexted(traffic), seconds=60)
    found = answers(stack, due)
    lateness = sorted((at - due[conversation]).total_seconds() for conversation, at in found)
    now, disturbed = ledger.answers(traffic), delays(traffic)
    say(
        f"{WAITING} customers answered {lateness[0]:.1f} to {lateness[-1]:.1f} s after they were due, {asked} "
        f"connections and {not_asked} more in the seconds after"
    )
    say(
        f"text-backs waited {statistics.median(disturbed):.2f} s (most {max(disturbed):.2f}), without the fault "
        f"{statistics.median(undisturbed):.2f} ({max(undisturbed):.2f})"
    )
    say(f"webhooks {now}, without the fault {before}")
    figure(
        events=now["webhooks"] + WAITING,
        lost=WAITING - len({conversation for conversation, _ in found}),
        doubled=len(found) - len({conversation for conversation, _ in found}),
        answered_after_at_most_s=round(lateness[-1], 1),
        asked=asked,
        text_waited_p50_s=round(statistics.median(disturbed), 2),
        text_waited_at_most_s=round(max(disturbed), 2),
        without_p50_s=round(statistics.median(undisturbed), 2),
        **compare(traffic, before, now),
    )

    assert len(found) == len(due)
    assert lateness[-1] < 20  # the first four wait for their deadline, the others for the breaker
    assert (asked <= 12, not_asked) == (True, 0)
    assert statistics.median(disturbed) <= statistics.median(undisturbed) * 1.1 + 0.1
    assert max(disturbed) < 6  # or one of them waited for a turn's deadline
    assert_as_fast(before, now)
    assert (now["not 2xx"], now["not forwarded"]) == (0, 0)


@pytest.mark.fault("F11")
def test_twilio_trickles(stack, phone, say, figure):
    """A byte a second for 30 s: requests are given up after 12 s, and what they asked for is found afterwards."""
    with Proxy("127.0.0.1", urlsplit(stack.emulator.url).port) as proxy:
        restart_worker(stack, TWILIO_API_BASE_URL=f"http://127.0.0.1:{proxy.port}")
        before, _ = quiet(stack)
        behind = []
        proxy.trickle(1)
        with Traffic(stack) as traffic:
            for _ in range(SECONDS):
                time.sleep(1)
                behind.append(float(stack.rows(BEHIND)[0][0]))
            proxy.behave()
            proxy.reset_all()
        missed = [story.customer for story in traffic.stories if story.kind == "missed"]
        wait_until(lambda: not ledger.untexted(traffic), seconds=400)
        ledger.check(traffic, recorded_within=30, say=say, figure=figure)
        now = ledger.answers(traffic)
        say(f"facts at most {max(behind):.1f} s late; webhooks {now}, without the fault {before}")
        figure(texts=len(missed), facts_late_at_most_s=round(max(behind), 1), **compare(traffic, before, now))
    restart_worker(stack)

    assert statistics.median(behind) < 1
    assert_as_fast(before, now)
