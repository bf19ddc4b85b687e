"""What malformed requests cost the running web processes: memory, and the time of an answer."""

import os
import statistics
import time
from collections import defaultdict
from pathlib import Path
from urllib.parse import quote_from_bytes

import pytest
import requests

from nevermisscall.twilio import signature
from nevermisscall.webhooks.parsing import parse_form
from tests.journeys.stack import ACCOUNT, TOKEN

ROUNDS = 20
MEMORY = 20 * 2**20
FORM = "application/x-www-form-urlencoded"
ACCOUNT_FIELD = b"AccountSid=" + ACCOUNT.encode()
MALFORMED = {
    "nothing": (b"", FORM),
    "a megabyte": (ACCOUNT_FIELD + b"&Body=" + b"x" * 2**20, FORM),
    "a megabyte of percent signs": (ACCOUNT_FIELD + b"&Body=" + b"%" * 2**20, FORM),
    "5,000 fields": (ACCOUNT_FIELD + b"".join(b"&f%d=1" % n for n in range(5000)), FORM),
    "a field 5,000 times": (ACCOUNT_FIELD + b"&CallSid=CA1" * 5000, FORM),
    "a half percent": (ACCOUNT_FIELD + b"&Body=%&From=%G1&To=%4", FORM),
    "not UTF-8": (ACCOUNT_FIELD + b"&Body=%FF%FE&From=\xff", FORM),
    "NUL": (ACCOUNT_FIELD + b"&CallSid=%00&Body=a%00b&From=%00", FORM),
    "half a surrogate pair": (ACCOUNT_FIELD + b"&Body=%ED%A0%80", FORM),
    "UTF-16": (ACCOUNT_FIELD + b"&Body=" + quote_from_bytes("Hello".encode("utf-16")).encode(), FORM),
    "JSON": (b'{"CallSid": "CA1"}', "application/json"),
    "multipart": (b"--x\r\n" * 1000, "multipart/form-data; boundary=x"),
}


def post(stack, body: bytes, content_type: str = FORM, *, path: str, signed: bool = True) -> tuple[int, float]:
    """Post these bytes; returns the status and how many seconds the answer took."""
    pairs = parse_form(body) if content_type == FORM else []
    token = TOKEN if signed else "guessed"
    headers = {
        "Content-Type": content_type,
        "X-Twilio-Signature": signature.compute(stack.url + path, pairs, token),
    }
    with requests.Session() as session:
        session.trust_env = False
        started = time.monotonic()
        answer = session.post(stack.url + path, data=body, headers=headers, timeout=30)
        return answer.status_code, time.monotonic() - started


def harmless(stack, path: str) -> float:
    sid = ("CA" if "call" in path else "SM") + os.urandom(16).hex()
    fields = {"call": "CallSid=%s&CallStatus=ringing&Direction=inbound", "sms": "MessageSid=%s&Body=Hi&NumMedia=0"}
    numbers = "&From=%2B12125550177&To=%2B15005550100&"
    body = (fields[path.rsplit("/", 1)[1]] % sid + numbers).encode() + ACCOUNT_FIELD
    status, seconds = post(stack, body, path=path)
    assert status == 200
    return seconds


def resident(stack) -> dict[int, int]:
    """Return the bytes of memory of each web process."""
    return {pid: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 for pid in stack.children("web")}


@pytest.mark.fault("F19")
@pytest.mark.parametrize("path", ["/webhooks/twilio/call", "/webhooks/twilio/sms"])
def test_malformed_requests_cost_little(stack, phone, say, figure, path):
    ordinary = [harmless(stack, path) for _ in range(3 * ROUNDS)]
    before = resident(stack)
    took: dict[str, list[float]] = defaultdict(list)
    statuses = set()
    for _ in range(ROUNDS):
        ordinary.append(harmless(stack, path))
        for what, (body, content_type) in MALFORMED.items():
            for signed in (True, False):
                status, seconds = post(stack, body, content_type, path=path, signed=signed)
                statuses.add(status)
                took[what if signed else f"{what}, not signed"].append(seconds)
    after = resident(stack)

    grown = max(after[pid] - before[pid] for pid in before)
    usual = statistics.median(ordinary)
    ratios = {what: round(statistics.median(seconds) / usual, 1) for what, seconds in took.items()}
    count = sum(map(len, took.values()))
    worst = max(ratios, key=lambda what: ratios[what])
    say(
        f"{count} requests: {sorted(statuses)}, +{grown / 2**20:.1f} MiB, times an ordinary answer of "
        f"{usual * 1000:.0f} ms: {ratios}"
    )
    figure(requests=count, grown_mib=round(grown / 2**20, 1), slowest_ratio=ratios[worst], slowest=worst)
    assert before.keys() == after.keys()
    assert all(status < 500 for status in statuses)
    assert grown <= MEMORY
    assert ratios[worst] <= 15
