"""What callers hear while our whole server is away: a document that never changes, kept somewhere else.

Nobody is there to be asked, so it can do less than we do. It rings the owner's phones; it cannot ask whoever picks up
to press 1, so voicemail may answer; it knows no opening hours; it records nothing and texts nobody. Afterwards the
caller hears a sentence, also one who has talked and did not hang up first.
"""

from calls.answering import Answering
from nevermisscall.webhooks import twiml
from nevermisscall.webhooks.receipts import Answer
from tenants import texts
from tenants.models import Tenant
from tenants.routing import Route


def document(route: Route) -> str:
    """Return the TwiML for one of our numbers, as it is routed now."""
    if not route.is_active:
        return _text(twiml.render(f"calls/{Answering.UNAVAILABLE}", language=route.language))
    words = texts.render(
        tenant_id=route.tenant_id,
        key="server_away",
        language=route.language,
        values={"business": route.tenant_name},
    )
    answer = twiml.render(
        "calls/server_away.xml",
        owners=route.owners,
        timeout=route.ring_timeout_seconds,
        in_order=route.ring_strategy == Tenant.RingStrategy.IN_ORDER and len(route.owners) > 1,
        language=route.language,
        words=words,
    )
    return _text(answer)


def _text(answer: Answer) -> str:
    return f"{answer.body}\n"
