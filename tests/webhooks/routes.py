"""Every path that Twilio may request, found by walking the URL map, so that a new one cannot be forgotten."""

import re
from collections.abc import Iterator

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLPattern, URLResolver

from nevermisscall.webhooks.views import TwilioWebhookView
from tests.fixtures.webhooks import TwilioPhone

CALL = "/webhooks/twilio/call"
CALL_SID = "CA" + "1" * 32
MARKER = "do-not-log-me"
# Where Twilio's requests arrive, by the design. `/twilio/…` holds our own API too, so its webhooks are named.
TWILIOS = re.compile(r"webhooks/|api/webhooks/|api/calls/incoming|twilio/(voice|status)$")


def every_path() -> Iterator[tuple[str, URLPattern]]:
    """Yield every path of the product, with a CallSid for each parameter."""
    yield from _below(get_resolver(), "")


def twilio_paths() -> list[str]:
    """Return the path of every Twilio endpoint."""
    return [f"/{path}" for path, pattern in every_path() if is_webhook(pattern)]


def fields_of(**fields: str) -> dict[str, str]:
    """Return a body that every endpoint understands."""
    call = TwilioPhone(None).call_fields(CallSid=CALL_SID, CallStatus="ringing", CallerName=MARKER, Body=MARKER)
    return {**call, "MessageSid": "SM" + "2" * 32, "MessageStatus": "sent", **fields}


def is_webhook(pattern: URLPattern) -> bool:
    return issubclass(getattr(pattern.callback, "view_class", object), TwilioWebhookView)


def _below(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in resolver.url_patterns:
        path = prefix + re.sub("<[^>]+>", CALL_SID, str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from _below(pattern, path)
        else:
            yield path, pattern


every_route = pytest.mark.parametrize("path", twilio_paths())
