"""A batch comes as JSON, or as a form with a CSV file. Either way the view gets the same plain values."""

import io
from typing import Any

from django.utils.encoding import DjangoUnicodeDecodeError
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser

from nevermisscall.api.errors import TooLarge
from nevermisscall.api.parsing import JsonParser
from sms.bulk import rows

MAX_BYTES = 32 * 1024 * 1024  # 100 000 recipients with 300 bytes each


class BatchJson(JsonParser):
    """JSON of the size of a large batch."""

    max_bytes = MAX_BYTES


class BatchForm(MultiPartParser):
    """`multipart/form-data` whose `file` is a CSV file of recipients, with a header line."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        if int(parser_context["request"].META.get("CONTENT_LENGTH") or 0) > MAX_BYTES:
            raise TooLarge(f"a batch has at most {MAX_BYTES} bytes")
        parsed = super().parse(stream, media_type, parser_context)
        file = parsed.files.get("file")
        if file is None:
            raise ValidationError({"file": "is missing: a CSV file of recipients"})
        values: dict[str, Any] = {name: parsed.data[name] for name in parsed.data}
        try:
            values["recipients"] = list(rows.from_csv(io.TextIOWrapper(file, encoding="utf-8-sig", newline="")))
        except (UnicodeDecodeError, DjangoUnicodeDecodeError) as error:
            raise ValidationError({"file": "is not UTF-8"}) from error
        except ValueError as error:
            raise ValidationError({"file": str(error)}) from error
        return values
