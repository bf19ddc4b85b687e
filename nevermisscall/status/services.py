"""Note how a service outside is doing."""

import logging

from django.db import transaction

from nevermisscall.lib.clock import utcnow
from nevermisscall.outbox import facts
from nevermisscall.status.events import ServiceDegraded, ServiceRecovered
from nevermisscall.status.models import ServiceState

State = ServiceState.State

logger = logging.getLogger(__name__)


def report(*, name: str, state: ServiceState.State, error: str = "") -> bool:
    """Say how `name` did just now. Returns whether that is news, which is then published and shown at `/health`.

    `error` is for our own people: what failed, without secrets, numbers or texts. An `ok` that is known already costs
    one read; anything else locks the service's row until the caller's transaction ends, so call it outside of one.
    """
    if state == State.OK and ServiceState.objects.filter(pk=name, state=State.OK).exists():
        return False
    return _note(name, state, error)


@transaction.atomic
def _note(name: str, state: ServiceState.State, error: str) -> bool:
    row, _ = ServiceState.objects.select_for_update().get_or_create(pk=name)
    before, now = row.state, utcnow()
    if state == State.OK:
        row.failures = 0
    else:
        row.failures, row.last_error, row.failed_at = row.failures + 1, error[:300], now
    if state != before:
        row.state, row.since = state, now
        _tell(name, state, error)
    row.save()
    return state != before


def _tell(name: str, state: ServiceState.State, error: str) -> None:
    if state == State.OK:
        facts.publish(ServiceRecovered(name, state))
        logger.info("a service works again", extra={"service": name})
    else:
        facts.publish(ServiceDegraded(name, state))
        logger.error("a service does not work as it should", extra={"service": name, "state": state, "reason": error})
