"""The dispatchers as this installation is configured; one chain for each process."""

from functools import cache

from django.conf import settings

from conversations.ai import factory
from conversations.ai.chain import Chain, Turn
from conversations.ai.rules import RulesDispatcher
from nevermisscall.status import services as status
from nevermisscall.status.models import ServiceState

SERVICE = "dispatchbot_ai"  # its name at /health, whichever dispatcher is configured


@cache
def chain() -> Chain:
    """Return the configured dispatcher, then the rules, then the acknowledgement."""
    return factory.build(settings.DISPATCHERS, rules=RulesDispatcher(), observe=_observe)


def _observe(turn: Turn) -> None:
    failed = "; ".join(f"{failure.dispatcher}: {failure.fault}" for failure in turn.failures)
    status.report(name=SERVICE, state=ServiceState.State(turn.health.value), error=failed)
