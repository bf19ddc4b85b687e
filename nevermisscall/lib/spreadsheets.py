"""Values for CSV files that people open in spreadsheets."""

from typing import Any

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\x00")


def harmless(value: Any) -> str:
    """Return `value` as text that no spreadsheet takes for a formula: with an apostrophe in front where it might."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
