"""What comes in and goes out: JSON of a sane size, and the kinds of values that several endpoints have."""

import json
from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, datetime
from typing import IO, Any

from django.utils.timezone import is_naive
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from nevermisscall.api.errors import TooLarge
from nevermisscall.lib import phones

MAX_BODY_BYTES = 256 * 1024  # the longest text there is takes 20 kB, each character escaped
PHONE: dict[str, Any] = {"type": "string", "format": "phone", "minLength": 1, "maxLength": phones.LONGEST}  # as OpenAPI


class JsonParser(JSONParser):
    """JSON up to `max_bytes`."""

    max_bytes = MAX_BODY_BYTES

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        assert parser_context is not None, "DRF always gives one"
        if int(parser_context["request"].META.get("CONTENT_LENGTH") or 0) > self.max_bytes:
            raise TooLarge(f"a request has at most {self.max_bytes} bytes")
        try:
            parsed = super().parse(stream, media_type, parser_context)
            json.dumps(parsed, ensure_ascii=False).encode()
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply") from error
        except UnicodeEncodeError as error:
            # "\ud800" alone is no character: no database holds it, and no answer could repeat it.
            raise ParseError("JSON parse error - half of a surrogate pair") from error
        return parsed


class TextField(serializers.CharField):
    """Words: `null` or 5 in their place is somebody's mistake, and not what a customer should read."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text: str = super().to_internal_value(data)
        return text


class YesNoField(serializers.BooleanField):
    """`true` or `false` in JSON. Anything else may be a mistake, and these decide whether people are texted."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


@extend_schema_field(PHONE)
class NumberField(serializers.CharField):
    """A phone number in any usual spelling, or as a number in JSON; the value is E.164."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=phones.LONGEST, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        try:
            return phones.normalise(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class NumberFilter(serializers.CharField):
    """A number in a query string, in any usual spelling. What is none (`anonymous`, a SIP address) stays as it is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=255, trim_whitespace=False, required=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text.startswith(" "):  # an unescaped + in a query string is a space
            text = f"+{text[1:]}"
        try:
            return phones.normalise(text)
        except ValueError:
            return text


class MomentField(serializers.DateTimeField):
    """An ISO 8601 time that says which zone it is in. Guessing one sends somebody's text in the night."""

    default_error_messages = {"naive": "say which time zone: write it like 2026-11-20T15:00:00Z or …T10:00:00-05:00"}

    def enforce_timezone(self, value: datetime) -> datetime:
        if is_naive(value):
            self.fail("naive")
        if not MINYEAR < value.year < MAXYEAR:  # in some time zone it is no date, and cannot be shown
            self.fail("overflow")
        return value


class ChoiceOrNull(serializers.ChoiceField):
    """A choice that may be open still: blank in the database, null outside."""

    def __init__(self, choices: Any, **kwargs: Any) -> None:
        super().__init__(choices, allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        return super().to_representation(value) or None


def newest_first(column: str) -> list[tuple[str, str]]:
    """Return the choices of a list's `ordering`: by time, either way."""
    return [(f"-{column}", "newest first"), (column, "oldest first")]
