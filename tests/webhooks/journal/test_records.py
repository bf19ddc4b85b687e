"""A webhook as bytes: there and back, and what damage costs."""

import os
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet

from nevermisscall.lib import crypto
from nevermisscall.webhooks.journal.records import Damaged, Record, decode, encode

AT = datetime(2026, 11, 20, 12, 30, 0, 123456, tzinfo=UTC)


def record(number: int = 0, **fields) -> Record:
    given = {
        "id": f"request-{number}",
        "received_at": AT,
        "account_sid": "AC" + "0" * 32,
        "method": "POST",
        "uri": "/webhooks/twilio/call?a=%C3%A9",
        "form": b"From=%2B1&Body=\xff\x00\xf0\x9f\x98\x80",
    }
    return Record(**given | fields)


def test_a_record_comes_back_as_it_was():
    assert list(decode(encode(record(token="t", kind="call", key="k")))) == [record(token="t", kind="call", key="k")]


def test_nothing_of_a_customer_can_be_read_in_a_file():
    written = encode(record(form=b"From=%2B14155550123&Body=secret"))

    assert b"4155550123" not in written
    assert b"secret" not in written


@pytest.mark.parametrize("missing", [1, 5, 100])
def test_a_torn_end_costs_only_itself(missing):
    data = encode(record(1)) + encode(record(2)) + encode(record(3))[:-missing]

    assert [found.id for found in decode(data)] == ["request-1", "request-2"]


def test_a_header_that_was_torn_costs_only_itself():
    for length in range(12):
        assert [found.id for found in decode(encode(record(1)) + encode(record(2))[:length])] == ["request-1"]


def test_zeros_that_a_power_cut_left_are_no_damage():
    assert [found.id for found in decode(encode(record(1)) + bytes(500))] == ["request-1"]


def test_a_wrong_checksum_costs_one_record_which_is_kept_as_damaged():
    frames = [encode(record(number)) for number in range(3)]
    frames[1] = frames[1][:-9] + bytes([frames[1][-9] ^ 1]) + frames[1][-8:]
    first, second, third = decode(b"".join(frames))

    assert (first.id, third.id) == ("request-0", "request-2")
    assert second == Damaged(frames[1], "damaged on disk")


def test_rubbish_before_and_between_is_kept_as_damaged():
    noise = os.urandom(40).replace(b"N", b"n")
    found = list(decode(noise + encode(record(1)) + noise + encode(record(2)) + noise))

    assert [each.raw for each in found if isinstance(each, Damaged)] == [noise] * 3
    assert [each.id for each in found if isinstance(each, Record)] == ["request-1", "request-2"]


@pytest.fixture
def keys(settings):
    """Set the keys of the process."""

    def use(*names: str) -> None:
        settings.FIELD_ENCRYPTION_KEYS = list(names)
        crypto._fernet.cache_clear()

    yield use
    settings.FIELD_ENCRYPTION_KEYS = []
    crypto._fernet.cache_clear()


def test_what_a_rotated_key_wrote_can_be_read_and_without_it_not(keys):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    keys(old)
    frame = encode(record())
    keys(new, old)
    assert list(decode(frame)) == [record()]
    keys(new)

    assert list(decode(frame)) == [Damaged(frame, "cannot be opened: FIELD_ENCRYPTION_KEYS lacks its key")]


def test_a_record_of_another_version_is_kept_as_damaged(monkeypatch):
    monkeypatch.setattr("nevermisscall.webhooks.journal.records.json.dumps", lambda values: '{"id": "1"}')

    assert [found.reason for found in decode(encode(record()))] == ["written by another version: KeyError"]
