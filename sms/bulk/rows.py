"""Rows of a batch as they come in: read one by one, checked one by one, all faults reported at once."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

from nevermisscall.lib import phones
from nevermisscall.lib.text import storable
from sms.services import MAX_BODY
from tenants import texts

MAX_ROWS = 100_000
NUMBER_COLUMNS = ("to", "phone", "number")

# The shape of a North American number: most rows have it, and it spares each the 150 µs of a full parse.
_NANP = re.compile(r"\+1[2-9]\d{2}[2-9]\d{6}")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one row."""

    row: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Row:
    """One good row."""

    row: int
    to_number: str
    values: dict[str, str]


class BadRows(ValueError):
    """Some rows cannot be sent, so none of them is. `faults` has every one, in order."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} rows cannot be sent")
        self.faults = faults


@dataclass
class Checker:
    """Turns raw rows into good ones and keeps the faults of the others."""

    body: str
    faults: list[Fault] = field(default_factory=list)
    total: int = 0
    _first_row: dict[str, int] = field(default_factory=dict)

    def check(self, raw: Iterable[Any]) -> Iterator[Row]:
        """Yield the good rows of `raw`: mappings with a number and the values of the text's variables."""
        for given in raw:
            self.total += 1
            if self.total > MAX_ROWS:
                self.faults.append(Fault(self.total, "", f"a batch has at most {MAX_ROWS} recipients"))
                return
            try:
                row = self._check_one(self.total, given)
            except _BadRow as bad:
                self.faults.append(Fault(self.total, bad.field, str(bad)))
            else:
                yield row

    def _check_one(self, at: int, given: Any) -> Row:
        if not isinstance(given, dict):
            raise _BadRow("", 'must be an object such as {"to": "+14155550123"}')
        values = {str(name): storable(str(value)) for name, value in given.items() if value is not None}
        number = self._new_number(at, values)
        names = texts.variables(self.body)
        if missing := sorted(names - values.keys()):
            raise _BadRow(missing[0], "is missing; the text uses it")
        used = {name: values[name] for name in names}
        length = len(texts.fill(self.body, used))
        if length > MAX_BODY:
            raise _BadRow("body", f"has {length} characters with this row's values; {MAX_BODY} is the most")
        return Row(at, number, used)

    def _new_number(self, at: int, values: dict[str, str]) -> str:
        column = next((name for name in NUMBER_COLUMNS if values.get(name)), None)
        if column is None:
            raise _BadRow("to", "is missing")
        text = values[column].strip()
        try:
            number = text if _NANP.fullmatch(text) else phones.normalise(text)
        except ValueError as error:
            raise _BadRow("to", str(error)) from error
        first = self._first_row.setdefault(number, at)
        if first != at:
            raise _BadRow("to", f"is the same person as row {first}")
        return number


class _BadRow(Exception):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def from_csv(file: IO[str]) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file with a header line. Raises `ValueError` if there is no column for the number."""
    reader = csv.DictReader(file, skipinitialspace=True, restkey="")
    header = [name.strip().lower() for name in reader.fieldnames or ()]
    if not set(header) & set(NUMBER_COLUMNS):
        raise ValueError(f"the first line must name the columns; one of {', '.join(NUMBER_COLUMNS)} holds the number")
    reader.fieldnames = header
    for row in reader:
        yield {name: value for name, value in row.items() if isinstance(value, str) and name}
