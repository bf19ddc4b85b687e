"""The dispatchers as this installation is configured; one chain for each process."""

import threading
from functools import cache

from django.conf import settings

from conversations.ai import factory
from conversations.ai.chain import Chain, Turn
from conversations.ai.rules import RulesDispatcher
from nevermisscall.status import services as status
from nevermisscall.status.models import ServiceState

SERVICE = "dispatchbot_ai"  # its name at /health, whichever dispatcher is configured


_building = threading.Lock()


def chain() -> Chain:
    """Return the configured dispatcher, then the rules, then the acknowledgement."""
    with _building:  # of threads that come first at once, each would build one, with a breaker of its own
        return built()


@cache
def built() -> Chain:
    """Build the process's chain; later calls return the same."""
    return factory.build(settings.DISPATCHERS, rules=RulesDispatcher(), observe=_observe)


def _observe(turn: Turn) -> None:
    failed = "; ".join(f"{failure.dispatcher}: {failure.fault}" for failure in turn.failures)
    status.report(name=SERVICE, state=ServiceState.State(turn.health.value), error=failed)
