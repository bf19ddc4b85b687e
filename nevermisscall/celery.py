"""The Celery application. Its tasks are doorbells for rows; see `nevermisscall.outbox`."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import (
    setup_logging,
    task_postrun,
    task_prerun,
    worker_init,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from kombu.transport.redis import Channel

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nevermisscall.settings")

app = Celery("nevermisscall")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Celery would close the database connection around every task, which costs more than most tasks do. The two handlers
# below end a connection that died, as Django does around a request, and keep a good one.
app.conf["CELERY_DB_REUSE_MAX"] = sys.maxsize
app.autodiscover_tasks(related_name="tasks")
# A worker that loses Redis would give back what it has not acknowledged, and later acknowledge what is done, through
# what it has lost, and end over it. These are doorbells: their rows are there.
Channel.do_restore = False
_acknowledge = Channel.basic_ack


def _acknowledge_unless_lost(channel: Channel, delivery_tag: str, multiple: bool = False) -> None:
    if not channel.closed:
        _acknowledge(channel, delivery_tag, multiple)


Channel.basic_ack = _acknowledge_unless_lost  # type: ignore[method-assign,assignment]


@setup_logging.connect
def _log_like_django(**_: Any) -> None:
    """Keep Celery from replacing the log configuration."""
    from logging.config import dictConfig

    from django.conf import settings

    dictConfig(settings.LOGGING)


@worker_init.connect
def _end_forsaken_transactions(**_: Any) -> None:
    """Have the server end a transaction of this process that is silent for half a minute: frozen, or its machine lost.

    Until PostgreSQL noticed by itself, in hours, others would wait for its locks: the texts of a number, its webhooks.
    libpq reads this variable; set it empty for a pooler that refuses `options`.
    """
    os.environ.setdefault("PGOPTIONS", "-c idle_in_transaction_session_timeout=30000")


@task_prerun.connect
@task_postrun.connect
def _end_dead_connections(**_: Any) -> None:
    from django.db import close_old_connections

    close_old_connections()


@worker_ready.connect
def _start_beside(sender: Any, **_: Any) -> None:
    from conversations.ai.emergency import terms
    from nevermisscall.lib import clock
    from nevermisscall.outbox.sweeper import Sweeper
    from nevermisscall.outbox.watchdog import Watchdog
    from nevermisscall.reconciling.scheduling import after_outage
    from nevermisscall.webhooks.journal.courier import Courier

    terms.terms()  # takes most of a second to read: the first customer's words should not wait for it
    sweeper = Sweeper(after_outage=after_outage)
    # When the database is back, the texts that waited for it keep this process busy: a web process replays faster.
    courier = Courier(patience=5.0, after_outage=after_outage)
    watchdog = Watchdog(sender, finish=sweeper.claim_no_more)
    for thread in (clock.Follower(), sweeper, courier, watchdog):
        thread.start()

    @worker_shutting_down.connect(weak=False)
    def let_them_end(**_: Any) -> None:
        # In a signal handler: to wait here could be to wait for a lock that the interrupted thread holds.
        sweeper.claim_no_more()
        watchdog.drain()

    @worker_shutdown.connect(weak=False)
    def stop_beside(**_: Any) -> None:
        # Celery's own threads have done what they had begun.
        sweeper.stop()
        courier.stop()
