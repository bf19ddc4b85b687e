"""Work that waits for a service outside leaves threads for the rest, and asks less when the service says so."""

import shlex

from nevermisscall.lib.env import BASE_DIR
from nevermisscall.outbox import places, queues, sweeper
from nevermisscall.outbox.places import Places

ASK_SOMEBODY = {
    "sms.send",
    "conversations.turns",
    "calls.alerts.place",
    "calls.settle",
    "sms.fetch_media",
    "reconciling",
}


def test_no_more_are_taken_than_there_are():
    two = Places(2)

    assert [two.take(1), two.take(5), two.take(1)] == [1, 1, 0]
    two.give_back(2)
    assert two.take(5) == 2


def test_who_is_asked_too_much_is_asked_half_as_much_and_slowly_more(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(places, "monotonic", lambda: now[0])
    six = Places(6)
    seen = []
    for step in [
        six.halve,
        six.halve,
        six.halve,
        six.halve,
        six.grow,
        six.grow,
        six.grow,
        six.grow,
        six.grow,
        six.grow,
    ]:
        step()
        step()  # at the same moment: it counts once
        seen.append(six.now)
        now[0] += 1.0

    assert seen == [3, 1, 1, 1, 2, 3, 4, 5, 6, 6]


def test_all_that_ask_somebody_outside_leave_a_thread_of_the_worker():
    worker = shlex.split((BASE_DIR / "Procfile").read_text().partition("worker: ")[2].partition("\n")[0])
    threads = int(worker[worker.index("-c") + 1]) + sweeper.THREADS

    assert {queue.name for queue in queues.every() if queue.places} == ASK_SOMEBODY
    assert sum(queues.get(name).places.most for name in ASK_SOMEBODY) < threads
