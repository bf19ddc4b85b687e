"""Twilio's form fields: taken apart once, cleaned, and read by kind.

`request.POST` costs four times as much and refuses a body with over a thousand fields; Twilio's own requests are never
refused for their size in fields.
"""

import json
import re
from collections.abc import Sequence
from itertools import chain
from urllib.parse import parse_qsl

from nevermisscall.lib.text import is_storable, storable

Pairs = list[tuple[str, str]]

_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


class InvalidWebhook(Exception):
    """A signed request that lacks what we cannot do without. `fields` maps each field to what is wrong with it."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(", ".join(sorted(fields)))
        self.fields = fields


def parse_form(body: bytes) -> Pairs:
    """Return the decoded fields of a form-encoded body, in order, blanks included.

    Bytes that are not UTF-8 become lone surrogates, which the signature turns back into those bytes: Twilio signs what
    it sends, whatever that is. `Params` drops them.
    """
    text = body.decode("utf-8", "surrogateescape")
    return parse_qsl(text, keep_blank_values=True, errors="surrogateescape")


def is_sid(value: str, prefixes: Sequence[str]) -> bool:
    """Tell whether `value` is one of Twilio's identifiers of a kind: its two letters and 32 hexadecimal digits."""
    return value[:2] in prefixes and _SID.fullmatch(value) is not None


class Params:
    """The fields of one webhook. Readers return a value or a blank, and collect what is wrong.

    Of a repeated field, the first counts.
    """

    def __init__(self, pairs: Pairs) -> None:
        self.fields = dict(reversed(pairs))
        if not is_storable("".join(chain.from_iterable(pairs))):  # one look at all of it, almost always the only one
            self.fields = {storable(name): storable(value) for name, value in reversed(pairs)}
        self.errors: dict[str, str] = {}

    def text(self, name: str) -> str:
        """Return the field, or an empty string."""
        return self.fields.get(name, "")

    def sid(self, name: str, prefixes: Sequence[str]) -> str:
        """Return a SID that must be there, such as CA and 32 hexadecimal digits."""
        value = self.fields.get(name, "")
        if not value:
            self.errors[name] = "is missing"
        elif not is_sid(value, prefixes):
            self.errors[name] = f"must be {' or '.join(prefixes)} and 32 hexadecimal digits"
        return value

    def optional_sid(self, name: str, prefix: str) -> str:
        """Return a SID if the field holds one of the right form; anything else is as if it were absent."""
        value = self.fields.get(name, "")
        return value if is_sid(value, [prefix]) else ""

    def integer(self, *names: str) -> int | None:
        """Return the first of the fields that is a non-negative integer of sane size; None if there is none."""
        for name in names:
            value = self.fields.get(name, "")
            if value.isascii() and value.isdecimal() and len(value) < 10:
                return int(value)
        return None

    def check(self) -> None:
        """Raise `InvalidWebhook` if any reader found something wrong."""
        if self.errors:
            raise InvalidWebhook(self.errors)

    def as_json(self) -> str:
        """Return the fields for a jsonb column."""
        return json.dumps(self.fields)
