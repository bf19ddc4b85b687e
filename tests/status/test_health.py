"""`/health`: what is wrong, said within a second whatever is frozen."""

import socket
import threading
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from nevermisscall import health
from nevermisscall.outbox import heartbeats
from nevermisscall.outbox.models import Heartbeat
from nevermisscall.outbox.sweeper import Sweeper
from nevermisscall.status import services as status_services
from sms.models import AccountPause, Message, SendAttempt
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, make_business

# Its thread has a connection of its own and sees only what is committed.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ask(client, monkeypatch):
    """Ask, and look anew each time."""

    def get(path: str = "/health"):
        monkeypatch.setattr(health, "kept", health._Kept())
        return client.get(path)

    return get


@pytest.fixture
def worker():
    heartbeats.beat("host:17")


@pytest.fixture
def silent():
    """The port of a server that takes connections and never says a word: frozen."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def nobody_there():
    return 1  # a port that nothing listens on


@pytest.fixture
def use_database(monkeypatch):
    """Have new connections to PostgreSQL go to another port."""
    return lambda port: monkeypatch.setitem(connections.settings["default"], "PORT", str(port))


def services(answer) -> dict[str, str]:
    return answer.json()["services"]


def test_all_is_well(ask, worker):
    answer = ask()

    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    names = ["database", "redis", "twilio", "dispatchbot_ai", "call_service", "salesforce", "speech", "workers"]
    assert services(answer) == dict.fromkeys(names, "ok")
    assert answer.json()["checks"]["workers"]["detail"] == "1 alive"


def test_the_alias_says_the_same(ask, worker):
    assert ask("/twilio/health").json() == ask("/health").json()


def test_an_ai_that_fails_is_degraded_and_says_since_when(ask, worker):
    status_services.report(name="dispatchbot_ai", state="degraded", error="the secret is hush-hush")
    answer = ask()

    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert services(answer)["dispatchbot_ai"] == "degraded"
    assert answer.json()["checks"]["dispatchbot_ai"]["since"] <= timezone.now().isoformat()
    assert "hush" not in answer.text
    status_services.report(name="dispatchbot_ai", state="ok")
    assert ask().json()["status"] == "ok"


def test_no_worker_for_half_a_minute_is_said(ask, worker):
    Heartbeat.objects.update(beat_at=timezone.now() - timedelta(seconds=31))
    answer = ask()

    assert (answer.status_code, answer.json()["status"], services(answer)["workers"]) == (200, "degraded", "down")


def test_a_worker_is_heard_of_while_it_runs(ask):
    sweeper = Sweeper()
    sweeper.start()
    deadline = time.monotonic() + 5
    while services(ask())["workers"] != "ok":
        assert time.monotonic() < deadline
    sweeper.stop()

    assert services(ask())["workers"] == "down"


def test_an_account_that_twilio_refuses_is_degraded_without_its_name(ask, worker):
    sid = "AC" + "7" * 32
    AccountPause.objects.create(account_sid=sid, since=timezone.now(), until=timezone.now())
    answer = ask()

    assert services(answer)["twilio"] == "degraded"
    assert sid not in answer.text


def attempts(*statuses: str, ago: timedelta = timedelta()) -> None:
    tenant = make_business()
    number = tenant.numbers.get()
    for key, status in enumerate(statuses):
        message = Message.objects.create(
            tenant=tenant,
            phone_number=number,
            purpose="reply",
            from_number=ACME_NUMBER,
            to_number=CUSTOMER,
            body="Hello",
            idempotency_key=str(key),
            status=status,
        )
        SendAttempt.objects.create(message=message, started_at=timezone.now() - ago)


@pytest.mark.parametrize(
    ("statuses", "ago", "state"),
    [
        (["unknown", "queued", "unknown"], 0, "degraded"),
        (["unknown", "unknown", "unknown", "delivered", "sent", "failed"], 0, "degraded"),
        (["unknown", "unknown", "unknown", "delivered", "sent", "failed", "sent"], 0, "ok"),
        (["unknown", "unknown"], 0, "ok"),
        (["failed", "failed", "failed"], 0, "ok"),  # Twilio said no: that is an answer
        (["unknown", "unknown", "unknown"], 11, "ok"),
    ],
    ids=["all-unclear", "half-unclear", "most-clear", "only-two", "refused", "long-ago"],
)
def test_requests_without_a_clear_answer_are_twilios_trouble(ask, worker, statuses, ago, state):
    attempts(*statuses, ago=timedelta(minutes=ago))

    assert services(ask())["twilio"] == state


@pytest.mark.parametrize("kind", ["silent", "nobody_there"])
def test_redis_away_or_frozen_is_said_at_once(ask, worker, settings, request, kind):
    settings.REDIS_URL = f"redis://127.0.0.1:{request.getfixturevalue(kind)}/0"
    started = time.monotonic()
    answer = ask()

    assert time.monotonic() - started < 0.5
    assert (answer.status_code, answer.json()["status"], services(answer)["redis"]) == (200, "degraded", "degraded")


@pytest.mark.parametrize("kind", ["silent", "nobody_there"])
def test_a_database_away_or_frozen_is_down(ask, use_database, request, kind):
    use_database(request.getfixturevalue(kind))
    started = time.monotonic()
    answer = ask()

    assert time.monotonic() - started < 1.5
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    assert (services(answer)["database"], services(answer)["redis"]) == ("down", "ok")
    assert services(answer)["dispatchbot_ai"] == "degraded"


@pytest.mark.parametrize("kind", ["silent", "nobody_there"])
def test_a_process_without_a_database_is_alive_but_not_ready(client, use_database, request, kind):
    assert client.get("/health/ready").status_code == 200
    use_database(request.getfixturevalue(kind))

    assert client.get("/health/ready").json() == {"status": "down", "services": {"database": "down"}}
    assert client.get("/health/live").status_code == 200


def test_a_table_that_is_locked_is_no_dead_database(ask, worker):
    locked, done = threading.Event(), threading.Event()

    def lock() -> None:
        with connections["default"].cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE status_servicestate IN ACCESS EXCLUSIVE MODE")
            locked.set()
            done.wait(5)
            cursor.execute("ROLLBACK")
        connections.close_all()

    thread = threading.Thread(target=lock)
    thread.start()
    locked.wait(5)
    answer = ask()
    done.set()
    thread.join()

    assert (answer.status_code, answer.json()["status"], services(answer)["database"]) == (200, "degraded", "ok")
    assert services(answer)["workers"] == "degraded"


def test_it_may_be_polled(client, worker, monkeypatch):
    monkeypatch.setattr(health, "kept", health._Kept())
    looked = []
    real = health.look
    monkeypatch.setattr(health, "look", lambda: looked.append(1) or real())
    answers = [client.get("/health") for _ in range(20)]

    assert {answer.status_code for answer in answers} == {200}
    assert len(looked) == 1


def test_it_is_only_for_looking(client):
    assert client.post("/health").status_code == 405
    assert client.head("/health").status_code == 200
