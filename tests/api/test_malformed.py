"""Bodies and queries that no program means to send, at every endpoint: refused in the API's own shape."""

import json

import pytest

from conversations.booking.models import Resource
from tests.api.conftest import Caller, with_key
from tests.api.test_everybody_at_every_door import ALL, ask  # noqa: F401 - the same things

pytestmark = pytest.mark.fault("F19")

JSON = "application/json"
UNREADABLE = {
    "half an object": (b'{"body": "He', JSON),
    "not UTF-8": (b'{"body": "\xff\xfe"}', JSON),
    "UTF-16": ('{"body": "Hello"}'.encode("utf-16"), JSON),
    "a list": (b"[]", JSON),
    "null": (b"null", JSON),
    "a number": (b"12", JSON),
    "NaN": (b'{"body": NaN}', JSON),
    "a number of 5,000 digits": (b'{"body": ' + b"9" * 5000 + b"}", JSON),
    "a hundred thousand brackets": (b"[" * 100_000, JSON),
    "objects in objects": (b'{"body":' * 5000 + b"1" + b"}" * 5000, JSON),
    "a form": (b"body=Hello&to=%2B14155550188", "application/x-www-form-urlencoded"),
    "multipart without a boundary": (b"--x\r\n", "multipart/form-data"),
    "text": (b'{"body": "Hello"}', "text/plain"),
    "no type": (b'{"body": "Hello"}', ""),
    "a type that is none": (b'{"body": "Hello"}', "/;;="),
}
ODD = {
    "nothing": (b"", JSON),
    "another character set": ('{"body": "Hello"}'.encode("utf-16"), f"{JSON}; charset=utf-16"),
    "a character set that is none": (b'{"body": "Hello"}', f"{JSON}; charset=klingon"),
    "a megabyte": (json.dumps({"body": "x" * 2**20, "name": "x" * 2**20}).encode(), JSON),
    "5,000 keys": (json.dumps({f"key{n}": n for n in range(5000)}).encode(), JSON),
    "keys twice": (b'{"body": "one", "body": "two", "to": 1, "to": 2}', JSON),
    "NUL": (
        b'{"body": "a\\u0000b", "name": "a\\u0000b", "number": "\\u0000", "to": "\\u0000", "outcome": "\\u0000"}',
        JSON,
    ),
    "lone surrogates": (b'{"body": "a\\ud800", "name": "a\\ud800", "number": "\\udfff", "to": "\\ud800"}', JSON),
    "other types": (b'{"body": {}, "name": [], "number": 1e999, "to": true, "from": null, "user_id": "\\u0000"}', JSON),
    "lists for values": (
        b'{"body": [[]], "recipients": {"a": 1}, "media_urls": {}, "user_id": [1], "tenant": []}',
        JSON,
    ),
    "huge ids": (b'{"user_id": 99999999999999999999999, "tenant": 1e400, "resource": -9223372036854775809}', JSON),
    "odd times": (b'{"starts_at": "9999-12-31T23:59:59+14:00", "ends_at": "0001-01-01T00:00:00-14:00"}', JSON),
}
QUERIES = ["cursor=%00", "cursor=%FF%FE", "cursor=x", "limit=-1", "limit=9e9", "page_size=٣", "a" * 5000]
QUERIES += [f"{name}=%00" for name in ("number", "status", "tenant", "from", "to", "since", "open", "customer_phone")]
QUERIES += [f"{name}=%ED%A0%80" for name in ("number", "status", "customer_phone")]
QUERIES += ["tenant=99999999999999999999999", "since=9999-99-99", "from=0000-00-00T00:00", "&" * 3000, "=&=" * 1000]


class Clumsy(Caller):
    """Sends all of them to one address; answers with what was not refused as it should be."""

    def request(self, method: str, path: str, body=None, **headers: str):
        address = path.partition("?")[0]
        found = {}
        bodies = {} if method in {"GET", "DELETE"} else UNREADABLE | ODD
        for what, (raw, content_type) in bodies.items():
            answer = self.client.generic(method, address, raw, content_type=content_type, headers=self.headers)
            wanted = range(400, 500) if body and what in UNREADABLE else range(200, 500)
            if answer.status_code not in wanted or (answer.status_code >= 400 and "error" not in answer.json()):
                found[what] = answer.status_code
        for query in QUERIES if method == "GET" else ():
            answer = self.client.get(f"{address}?{query}", headers=self.headers)
            if answer.status_code >= 500:
                found[query[:40]] = answer.status_code
            if answer.streaming:
                answer.getvalue()
        answer = self.client.get("/health/live")
        answer.found = found
        return answer


@pytest.fixture
def clumsy(acme):
    caller = with_key(acme)
    return Clumsy(caller.client, **caller.headers)


@pytest.mark.parametrize("door", [door for _, door in ALL], ids=[f"{door.method} {door.path}" for _, door in ALL])
def test_nothing_malformed_is_a_failure(door, ask, clumsy):  # noqa: F811
    assert ask(clumsy, door).found == {}


@pytest.mark.parametrize(
    ("path", "body", "wrong"),
    [
        ("/api/sms/send", {"to": "+14155550188", "body": 5}, "body"),
        ("/api/sms/send", {"to": "+14155550188", "body": True}, "body"),
        ("/api/contacts/", {"number": "+14155550188", "name": 5}, "name"),
        ("/api/contacts/", {"number": "+14155550188" + "*" * 40}, "number"),
        ("/api/contacts/", {"number": "+14155550188", "is_blocked": "no"}, "is_blocked"),
        ("/api/contacts/", {"number": "+14155550188", "do_not_automate": 1}, "do_not_automate"),
        ("/api/sms/bulk", {"body": "Hello", "recipients": []}, "recipients"),
        ("/api/sms/bulk/preview", {"body": "Hello", "recipients": []}, "recipients"),
        ("/api/sms/bulk", {"body": "Hello", "recipients": [{"to": "+14155550188" + "*" * 40}]}, "recipients.1.to"),
        ("/api/sms/bulk", {"body": 5, "recipients": [{"to": "+14155550188"}]}, "body"),
    ],
)
def test_another_type_is_not_guessed_at(api, path, body, wrong):
    answer = api.post(path, body)

    assert answer.status_code == 400
    assert list(answer.json()["error"]["fields"]) == [wrong]


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_time_that_some_zone_cannot_hold_is_not_kept(api, acme, year):
    Resource.objects.create(tenant=acme, name="Crew")
    busy = {"starts_at": f"{year}-01-01T00:00:00+01:16", "ends_at": f"{year}-12-31T23:59:59-01:16"}

    answer = api.post("/api/busy-times/", busy)

    assert answer.status_code == 400
    assert set(answer.json()["error"]["fields"]) == {"starts_at", "ends_at"}
    assert api.get("/api/busy-times/").json()["results"] == []


def test_a_batch_needs_no_name(api):
    answer = api.post("/api/sms/bulk", {"body": "Hello", "name": "", "recipients": [{"to": "+14155550188"}]})

    assert answer.status_code == 202
