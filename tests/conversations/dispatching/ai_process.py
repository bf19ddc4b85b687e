"""A process that takes the AI's turn and sends. Nothing of Django is imported before it knows its database."""

import os
import time
from multiprocessing.connection import Connection


def serve(pipe: Connection, environment: dict[str, str]) -> None:
    """Take turns as they are ordered: a conversation's id and after how many seconds. None ends it."""
    import django

    os.environ.update(environment)
    django.setup()
    from nevermisscall.outbox import queues, work

    pipe.send("ready")
    turns, texts = queues.get("conversations.turns"), queues.get("sms.send")
    while (order := pipe.recv()) is not None:
        pk, delay = order
        time.sleep(delay)
        work.run_one(turns, pk)
        for row in work.claim(texts, limit=20):
            work.run_claimed(texts, row)
        pipe.send("done")
