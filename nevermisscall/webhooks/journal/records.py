"""One webhook as bytes: framed with length and checksum, encrypted with FIELD_ENCRYPTION_KEYS.

    NMCJ | length of what follows the checksum, 4 bytes | its CRC-32, 4 bytes | a Fernet token of a JSON object

The marker finds the next frame behind damaged bytes.
"""

import json
import struct
from binascii import crc32
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from cryptography.fernet import InvalidToken

from nevermisscall.lib import crypto

MARKER = b"NMCJ"
_HEADER = struct.Struct(">4sII")


@dataclass(frozen=True, slots=True)
class Record:
    """A webhook whose signature was verified for `account_sid`, as it came."""

    id: str  # of the request; in our log too
    received_at: datetime
    account_sid: str
    method: str
    uri: str  # path and query, as they came
    form: bytes
    token: str = ""  # I-Twilio-Idempotency-Token
    kind: str = ""
    key: str = ""
    reason: str = ""  # why it could not be recorded, once it was set aside

    def because(self, reason: str) -> "Record":
        """Return it with the reason why it is set aside."""
        return replace(self, reason=reason[:1000])


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes of a journal that cannot be read, and why."""

    raw: bytes
    reason: str


def encode(record: Record) -> bytes:
    """Return the record as one frame."""
    values = {**asdict(record), "received_at": record.received_at.isoformat(), "form": record.form.decode("latin-1")}
    payload = crypto.encrypt(json.dumps(values)).encode()
    return _HEADER.pack(MARKER, len(payload), crc32(payload)) + payload


def decode(data: bytes) -> Iterator[Record | Damaged]:
    """Yield what is in the bytes of a file, in order.

    An end that was never completed yields nothing: what is not on disk as a whole was not answered either.
    """
    place = 0
    while place < len(data):
        end = _end_of_frame(data, place)
        if end is None:
            following = data.find(MARKER, place + 1)
            if following < 0:
                if not _is_torn(data[place:]):
                    yield Damaged(data[place:], "damaged on disk")
                return
            yield Damaged(data[place:following], "damaged on disk")
            place = following
        else:
            yield _open(data[place:end])
            place = end


def _end_of_frame(data: bytes, place: int) -> int | None:
    """Return where the frame that begins at `place` ends; None if no whole and sound one does."""
    if len(data) - place < _HEADER.size:
        return None
    marker, length, checksum = _HEADER.unpack_from(data, place)
    start = place + _HEADER.size
    end: int = start + length
    if marker != MARKER or end > len(data) or crc32(data[start:end]) != checksum:
        return None
    return end


def _is_torn(rest: bytes) -> bool:
    """Tell whether `rest` is the beginning of a frame, or what a power cut leaves: a length without its bytes."""
    if not rest.startswith(MARKER[: len(rest)]):
        return not rest.strip(b"\0")
    if len(rest) < _HEADER.size:
        return True
    return len(rest) < _HEADER.size + int(_HEADER.unpack_from(rest)[1])


def _open(frame: bytes) -> Record | Damaged:
    try:
        values = json.loads(crypto.decrypt(frame[_HEADER.size :].decode("ascii")))
        at = datetime.fromisoformat(values.pop("received_at"))
        return Record(received_at=at, form=values.pop("form").encode("latin-1"), **values)
    except InvalidToken:
        return Damaged(frame, "cannot be opened: FIELD_ENCRYPTION_KEYS lacks its key")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return Damaged(frame, f"written by another version: {type(error).__name__}")
