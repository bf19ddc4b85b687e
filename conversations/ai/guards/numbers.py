"""No number that nobody gave us: a dispatcher may repeat figures, and may not have its own."""

import re
from collections.abc import Iterable, Sequence

from conversations.ai.guards import prices, times
from conversations.ai.guards.reading import Sentence, fold
from conversations.ai.protocol import Request

_EMERGENCY_NUMBERS = frozenset({"911", "811", "311"})
_DIGITS = re.compile(r"\d[\d,]*(?:\.\d+)?")
_LEAST = 3  # “one or two questions” promise nothing
_SPELLED = re.compile(
    r"\b(?:three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty|thirty|forty|fifty|sixty|ninety|half an?"
    r"|a couple of|a few"
    r"|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|doce|quince|veinte|treinta|cuarenta|cincuenta|sesenta|noventa"
    r"|media|un par de"
    r"|unos|unas) (?:more )?(?:minutes?|hours?|days?|weeks?|months?|years?|minutos?|horas?|dias?|semanas?|meses"
    r"|anos?)\b"
)


def violations(text: Sequence[Sentence], request: Request) -> set[str]:
    """Return {"number"} if a statement of `text` has a number that is in nothing the dispatcher was given."""
    given = " ".join(_given(request))
    known = {_plain(number) for number in _DIGITS.findall(given)} | _EMERGENCY_NUMBERS
    for sentence in text:
        if sentence.is_question:
            continue
        numbers = [
            _plain(number) for number in _DIGITS.findall(times.without_times(prices.without_amounts(sentence.text)))
        ]
        if any(number not in known and float(number) >= _LEAST for number in numbers):
            return {"number"}
        if any(span not in given for span in _SPELLED.findall(sentence.text)):
            return {"number"}
    return set()


def _given(request: Request) -> Iterable[str]:
    business = request.business
    yield from (fold(line.body) for line in request.messages)
    yield from (fold(value) for value in (*request.job.values(), request.summary, request.customer_name))
    yield fold(f"{business.name} {business.service_area} {dict(business.job_estimates)} {' '.join(business.contacts)}")
    yield request.customer_phone
    for number in (*business.contacts, request.customer_phone):
        digits = re.sub(r"\D", "", number)[-10:]
        yield f"{digits[:3]} {digits[3:6]} {digits[6:]}"
    yield "24 7 365" if not business.hours else ""


def _plain(number: str) -> str:
    return number.replace(",", "").rstrip(".")
