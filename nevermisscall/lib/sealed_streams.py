"""Streams of any length, encrypted at rest in pieces: never more than a few pieces are in memory.

    NMCS1 | length of the token, 4 bytes | a Fernet token of the stream's own key | piece | piece | … | last piece

The token is made with FIELD_ENCRYPTION_KEYS (`lib/crypto.py`). Each piece is 1 MiB of the stream, the last one less,
under AES-256-GCM with its number and whether it is the last as nonce, and what the stream is for as associated data. So
a piece that was changed, moved, left out or put in from elsewhere is noticed, and so is an end that is missing.
docs/decisions/0009-backups.md says why it is so.
"""

import struct
from base64 import b64decode, b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nevermisscall.lib import crypto

MAGIC = b"NMCS1"
PIECE = 1024 * 1024  # bytes of the stream; at rest it is TAG longer
TAG = 16
_LENGTH = struct.Struct(">I")
_NONCE = struct.Struct(">xxxQ?")


class Damaged(Exception):
    """The stream is not what was written; the message says how far it could be read."""


class KeyLost(Exception):
    """None of FIELD_ENCRYPTION_KEYS opens the stream."""


class SealedWriter:
    """Encrypts what is written to it into `file`. The stream is complete only after `close`."""

    def __init__(self, file: IO[bytes], purpose: str) -> None:
        self.size = 0  # bytes of the stream
        self.sealed_size = 0  # bytes in the file
        self._file, self._purpose = file, purpose.encode()
        self._hash = sha256()
        self._number = 0
        self._rest = bytearray()
        key = AESGCM.generate_key(bit_length=256)
        self._cipher = AESGCM(key)
        token = crypto.encrypt(b64encode(key).decode()).encode()
        self._emit(MAGIC + _LENGTH.pack(len(token)) + token)

    @property
    def checksum(self) -> str:
        """SHA-256 of the file so far, as `sha256sum` prints it."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        """Add to the stream. Raises `OSError`."""
        self._rest += data
        self.size += len(data)
        while len(self._rest) > PIECE:  # a full piece stays back: it may be the last
            self._seal(bytes(self._rest[:PIECE]), is_last=False)
            del self._rest[:PIECE]
        return len(data)

    def close(self) -> None:
        """Write the last piece."""
        self._seal(bytes(self._rest), is_last=True)
        self._rest.clear()

    def _seal(self, piece: bytes, *, is_last: bool) -> None:
        self._emit(self._cipher.encrypt(_NONCE.pack(self._number, is_last), piece, self._purpose))
        self._number += 1

    def _emit(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.sealed_size += len(data)


def read(file: IO[bytes], purpose: str) -> Iterator[bytes]:
    """Yield the stream piece by piece, each of them verified. Raises `Damaged`, `KeyLost` or `OSError`.

    Whoever acts on the pieces must be able to take it back: that the end is missing shows only at the end.
    """
    cipher = AESGCM(_key(file))
    number, piece = 0, file.read(PIECE + TAG)
    while True:
        following = file.read(PIECE + TAG)
        try:
            yield cipher.decrypt(_NONCE.pack(number, not following), piece, purpose.encode())
        except InvalidTag:
            where = "its end is missing, or was changed" if not following else f"changed after {number} MiB"
            raise Damaged(where) from None
        if not following:
            return
        number, piece = number + 1, following


def _key(file: IO[bytes]) -> bytes:
    head = file.read(len(MAGIC) + _LENGTH.size)
    if not head.startswith(MAGIC) or len(head) < len(MAGIC) + _LENGTH.size:
        raise Damaged("its beginning is missing, or it is not one of ours")
    token = file.read(min(_LENGTH.unpack(head[len(MAGIC) :])[0], 4096))
    try:
        return b64decode(crypto.decrypt(token.decode("ascii")))
    except (InvalidToken, UnicodeDecodeError):
        raise KeyLost("FIELD_ENCRYPTION_KEYS lacks the key it was made with, or its beginning was changed") from None
