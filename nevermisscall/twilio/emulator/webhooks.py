"""One webhook request as Twilio makes it: signed, form-encoded, capped at 15 s, retried as the URL's fragment says.

Connection overrides: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

import time
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import requests
from urllib3.exceptions import NewConnectionError

from nevermisscall.twilio import signature
from nevermisscall.twilio.emulator.formats import new_sid

CAP_SECONDS = 15.0
MAX_BODY_BYTES = 64 * 1024
MAX_REDIRECTS = 10

# What the emulator reports, with the meaning from https://www.twilio.com/docs/api/errors
HTTP_FAILURE = 11200  # an answer that is not 2xx
CONNECTION_FAILURE = 11205  # no answer: refused, reset or too slow
TOO_MANY_REDIRECTS = 11215
BODY_TOO_LARGE = 11750


@dataclass(frozen=True)
class Hook:
    """A request to be made. `url` is as configured: it may carry credentials and a `#rc=…` fragment."""

    name: str
    url: str
    params: tuple[tuple[str, str], ...]
    method: str = "POST"
    idempotency_token: str = ""


@dataclass(frozen=True)
class Answer:
    """What came back, or the Twilio error code of what went wrong."""

    status: int | None
    url: str
    content_type: str = ""
    body: bytes = b""
    error: int | None = None
    problem: str = ""  # `ct`, `rt`, `4xx`, `5xx` or `reset`: what the retry policy looks at
    attempts: int = 1
    seconds: float = 0.0
    warnings: tuple[str, ...] = field(default=())

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True)
class Overrides:
    """The connection overrides in a URL's fragment; milliseconds turned into seconds."""

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    total_seconds: float = 15.0
    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})
    warnings: tuple[str, ...] = ()

    @classmethod
    def parse(cls, fragment: str) -> "Overrides":
        """Read `rc=2&rp=ct,5xx`. Values out of range are ignored and reported as error 11240."""
        found: dict[str, Any] = {}
        warnings = []
        ranges = {
            "ct": ("connect_seconds", 100, 10_000),
            "rt": ("read_seconds", 100, 15_000),
            "tt": ("total_seconds", 100, 15_000),
        }
        for key, value in parse_qsl(fragment):
            if key in ranges and value.isdecimal() and ranges[key][1] <= int(value) <= ranges[key][2]:
                found[ranges[key][0]] = int(value) / 1000
            elif key == "rc" and value.isdecimal() and int(value) <= 5:
                found["retries"] = int(value)
            elif key == "rp" and set(value.split(",")) <= {"ct", "rt", "4xx", "5xx", "all"}:
                found["policy"] = frozenset(value.split(","))
            elif key not in {"e", "sni"}:
                warnings.append(f"11240 connection override {key}={value} ignored")
        return cls(**found, warnings=tuple(warnings))

    def retry(self, problem: str) -> bool:
        return bool(problem) and (problem in self.policy or "all" in self.policy)


def describe_exchange(sent: Hook, answer: Answer, copy: int) -> dict[str, object]:
    """Return request and answer for a timeline. `copy` is 0 for the original."""
    return {
        "name": sent.name,
        "method": sent.method,
        "url": sent.url,
        "params": dict(sent.params),
        "status": answer.status,
        "error": answer.error,
        "attempts": answer.attempts,
        "copy": copy,
        "seconds": round(answer.seconds, 4),
        "body": answer.text,
    }


def send(hook: Hook, auth_token: str, *, cap_seconds: float = CAP_SECONDS) -> Answer:
    """Make the request, with retries, and return the last answer. Never raises for what the other side does."""
    overrides = Overrides.parse(urlsplit(hook.url).fragment)
    started = time.monotonic()
    deadline = started + min(overrides.total_seconds, cap_seconds)
    attempt, token = 0, hook.idempotency_token
    while True:
        attempt += 1
        answer = _follow(hook, auth_token, overrides, deadline, token)
        token = token or new_sid("")
        out_of_time = time.monotonic() >= deadline
        if attempt > overrides.retries or out_of_time or not overrides.retry(answer.problem):
            seconds = time.monotonic() - started
            return replace(answer, attempts=attempt, seconds=seconds, warnings=overrides.warnings)


def _follow(hook: Hook, auth_token: str, overrides: Overrides, deadline: float, token: str) -> Answer:
    """Make one attempt, redirects included. A redirected POST becomes a GET without its fields, as at Twilio."""
    url, method, params = hook.url, hook.method, hook.params
    for _ in range(MAX_REDIRECTS + 1):
        answer, location = _request(url, method, params, auth_token, overrides, deadline, token)
        if not location:
            return answer
        url = urljoin(answer.url, location)
        if answer.status != 307:
            method, params = "GET", ()
    return replace(answer, error=TOO_MANY_REDIRECTS)


def _request(
    url: str,
    method: str,
    params: tuple[tuple[str, str], ...],
    auth_token: str,
    overrides: Overrides,
    deadline: float,
    token: str,
) -> tuple[Answer, str]:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    target = urlunsplit(parts._replace(netloc=host, fragment=""))
    form = params
    if method == "GET" and params:
        target += ("&" if parts.query else "?") + urlencode(params)
        form = ()
    headers = {
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "X-Twilio-Signature": signature.compute(target, form, auth_token),
    }
    if method == "POST":
        headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
    if token:
        headers["I-Twilio-Idempotency-Token"] = token
    left = max(deadline - time.monotonic(), 0.05)
    try:
        with requests.Session() as session:
            session.trust_env = False  # a proxy or .netrc of the developer must not change what is tested
            response = session.request(
                method,
                target,
                data=urlencode(form).encode() if method == "POST" else None,
                headers=headers,
                auth=(parts.username, parts.password or "") if parts.username else None,
                timeout=(min(overrides.connect_seconds, left), min(overrides.read_seconds, left)),
                allow_redirects=False,
                stream=True,
            )
            body = _read(response, deadline)
    except requests.RequestException as error:
        return Answer(None, target, error=CONNECTION_FAILURE, problem=_problem(error)), ""
    answer = Answer(response.status_code, target, response.headers.get("Content-Type", ""), body)
    if len(body) > MAX_BODY_BYTES:
        return replace(answer, error=BODY_TOO_LARGE, body=b""), ""
    if response.is_redirect:
        return answer, response.headers["Location"]
    if not response.ok:
        return replace(answer, error=HTTP_FAILURE, problem=f"{response.status_code // 100}xx"), ""
    return answer, ""


def _read(response: requests.Response, deadline: float) -> bytes:
    body = b""
    for chunk in response.iter_content(16 * 1024):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            break
        if time.monotonic() > deadline:
            raise requests.ReadTimeout("the answer took too long")
    return body


def _problem(error: requests.RequestException) -> str:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError):
        return "ct"
    return "rt" if isinstance(error, requests.Timeout) else "reset"
