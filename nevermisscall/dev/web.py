"""JSON over HTTP with the processes on this machine."""

import json
import urllib.request
from typing import Any


def ask(url: str, given: dict[str, Any] | None = None, *, timeout: float = 5.0) -> Any:
    """GET the URL, or POST `given` to it, and return the JSON that comes back; None for anything that is no JSON.

    Raises OSError: `urllib.error.HTTPError` for 4xx and 5xx, others when nobody answers within `timeout` seconds.
    """
    data = None if given is None else json.dumps(given).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})  # noqa: S310 - our own address
    with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310 - as above
        text = answer.read()
    try:
        return json.loads(text)
    except ValueError:
        return None
