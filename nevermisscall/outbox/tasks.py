"""Celery's side of pending work: a task is one line."""

from celery import shared_task

from nevermisscall.outbox import queues, watchdog, work


@shared_task(name="outbox.do_work")
def do_work(queue_name: str, pk: int) -> bool:
    """Do one row if it is due and nobody has it."""
    return work.run_one(queues.get(queue_name), pk)


@shared_task(name="outbox.hear")
def hear() -> None:
    """The worker's doorbell to itself."""
    watchdog.heard()
