"""Streams that are encrypted in pieces: they come back as they were, or not at all."""

import io
import os

import pytest
from cryptography.fernet import Fernet

from nevermisscall.lib import crypto, sealed_streams
from nevermisscall.lib.sealed_streams import PIECE, TAG, Damaged, KeyLost, SealedWriter


def seal(data: bytes, purpose: str = "test") -> bytes:
    file = io.BytesIO()
    writer = SealedWriter(file, purpose)
    for start in range(0, len(data), 300_000):
        writer.write(data[start : start + 300_000])
    writer.close()
    assert (writer.size, writer.sealed_size) == (len(data), len(file.getvalue()))
    return file.getvalue()


def unseal(sealed: bytes, purpose: str = "test") -> bytes:
    return b"".join(sealed_streams.read(io.BytesIO(sealed), purpose))


def pieces(sealed: bytes) -> tuple[bytes, list[bytes]]:
    """Take a stream apart: what is before the pieces, and the pieces."""
    begin = 9 + int.from_bytes(sealed[5:9], "big")
    body = sealed[begin:]
    return sealed[:begin], [body[n : n + PIECE + TAG] for n in range(0, len(body), PIECE + TAG)]


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 3 * PIECE + 17])
def test_what_was_written_comes_back(size):
    data = os.urandom(size)
    sealed = seal(data)

    assert unseal(sealed) == data
    assert data[:40] not in sealed or size < 40


def test_no_more_than_a_few_pieces_are_in_memory():
    sealed = seal(os.urandom(5 * PIECE))

    assert max(map(len, sealed_streams.read(io.BytesIO(sealed), "test"))) == PIECE


def _without_end(sealed):
    head, parts = pieces(sealed)
    return head + b"".join(parts[:-1])


def _in_another_order(sealed):
    head, [first, second, *rest] = pieces(sealed)
    return head + b"".join([second, first, *rest])


def _with_a_piece_twice(sealed):
    head, [first, *rest] = pieces(sealed)
    return head + b"".join([first, first, *rest])


def _with_a_piece_of_another(sealed):
    head, [first, _, *rest] = pieces(sealed)
    return head + b"".join([first, pieces(seal(bytes(3 * PIECE)))[1][1], *rest])


DAMAGES = {
    "its end is missing": lambda sealed: sealed[:-1],
    "its last piece is missing": _without_end,
    "more was added": lambda sealed: sealed + b"x",
    "a bit flipped": lambda sealed: sealed[:2000] + bytes([sealed[2000] ^ 1]) + sealed[2001:],
    "the last bit flipped": lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
    "pieces changed places": _in_another_order,
    "a piece is there twice": _with_a_piece_twice,
    "a piece of another stream": _with_a_piece_of_another,
    "nothing is left": lambda sealed: b"",
    "the beginning of another file": lambda sealed: b"PGDMP" + sealed[5:],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_what_was_changed_does_not_come_back(damage):
    with pytest.raises(Damaged):
        unseal(damage(seal(os.urandom(3 * PIECE))))


def test_a_stream_is_not_taken_for_another_of_the_same_key():
    with pytest.raises(Damaged):
        unseal(seal(b"data", "database of one"), "database of two")


def test_an_older_key_opens_it_and_a_lost_one_does_not(settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    try:
        sealed = []
        for keys in ([old], [new, old], [new]):
            settings.FIELD_ENCRYPTION_KEYS = keys
            crypto._fernet.cache_clear()
            sealed = sealed or [seal(b"data")]
            if keys != [new]:
                assert unseal(sealed[0]) == b"data"
        with pytest.raises(KeyLost):
            unseal(sealed[0])
    finally:
        crypto._fernet.cache_clear()
