"""The AI's turn, a person and the customer in the same 50 ms, on a real database, from two processes.

The AI's turn and the sender run in a process of their own; the person and the customer in threads of the test's, at the
front door. A round ends when all are done; `verdict` then looks at what is written and at what Twilio got.
"""

import multiprocessing
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, connections
from django.test import Client

from conversations.models import Conversation, Transition
from sms.models import Message, SendAttempt
from tests.conversations.dispatching import ai_process
from tests.fixtures.webhooks import TwilioPhone

SPREAD = 0.05  # seconds within which everybody acts


@dataclass
class Verdict:
    """What became of one round."""

    ai_texts: int
    talked_over: int  # texts of the AI that were made, or handed to Twilio, after a person had taken the conversation
    owner: str
    broken_log: bool


@contextmanager
def worker_process(**environment: str) -> Iterator[Callable[[int, float], threading.Thread]]:
    """Start a process that takes the AI's turn and sends; yields a function that has it do so after a delay."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    environment = {
        **environment,
        "DATABASE_URL": url,
        "TWILIO_API_BASE_URL": settings.TWILIO_API_BASE_URL,
        "REDIS_URL": settings.REDIS_URL,
    }
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=ai_process.serve, args=(theirs, environment), daemon=True)
    process.start()
    theirs.close()  # or its death would not be noticed here
    assert ours.recv() == "ready"

    def take_turn(pk: int, delay: float) -> threading.Thread:
        ours.send((pk, delay))
        waiter = threading.Thread(target=ours.recv)
        waiter.start()
        return waiter

    try:
        yield take_turn
    finally:
        ours.send(None)
        process.join(10)


def race(
    conversation: Conversation,
    take_turn: Callable[[int, float], threading.Thread],
    person: Callable[[Client, Conversation], Any],
    *,
    customer_writes: bool,
    seed: int,
    head_start: float = 0.0,
) -> None:
    """Let everybody act on one conversation at random moments within 50 ms; `head_start` is the AI's."""
    chance = random.Random(seed)
    threads = [_thread(chance.uniform(0, SPREAD) + head_start, lambda client: person(client, conversation))]
    if customer_writes:
        threads.append(
            _thread(
                chance.uniform(0, SPREAD),
                lambda client: TwilioPhone(client).text("are you there?", From=conversation.customer_phone),
            )
        )
    turn = take_turn(conversation.pk, chance.uniform(0, SPREAD))
    for thread in threads:
        thread.start()
    for thread in [*threads, turn]:
        thread.join(30)
        assert not thread.is_alive(), "somebody hangs"


def verdict(conversation: Conversation) -> Verdict:
    """Look at a round that is over."""
    conversation.refresh_from_db()
    log = list(Transition.objects.filter(conversation=conversation))
    taken_at = next((row.at for row in log if row.to_status == "user_handling"), None)
    texts = list(Message.objects.filter(entries__conversation=conversation, sender_type="ai"))
    late = 0
    for text in texts:
        sent = SendAttempt.objects.filter(message=text).order_by("started_at").last()
        late += taken_at is not None and (text.created_at > taken_at or bool(sent and sent.started_at > taken_at))
    links = pairwise(log)
    return Verdict(
        ai_texts=len(texts),
        talked_over=late,
        owner=conversation.ownership,
        broken_log=any(before.to_status != after.from_status for before, after in links),
    )


def _thread(delay: float, act: Callable[[Client], Any]) -> threading.Thread:
    def run() -> None:
        time.sleep(delay)
        try:
            act(Client())
        finally:
            connections.close_all()

    return threading.Thread(target=run)
