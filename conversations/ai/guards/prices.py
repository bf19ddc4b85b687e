"""No price, discount or free work but what the business has in its job estimates."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from conversations.ai.guards import times
from conversations.ai.guards.reading import Sentence, fold, is_denied
from conversations.ai.protocol import CUSTOMER, Request

_SPELLED = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred"
    r"|thousand|a hundred|a grand|couple hundred|cien|ciento|doscient[oa]s|trescient[oa]s|quinient[oa]s|mil"
    r"|cincuenta|ochenta"
    r"|cuarenta|treinta|veinte|noventa|setenta|sesenta)"
)
_MONEY_WORD = r"(?:dollars?|bucks|usd|euros?|eur|cents?|grand|dolares|dolar|pesos|centavos|euros)"
_AMOUNT = re.compile(
    rf"[$€£] ?(\d[\d,]*(?:\.\d+)?) ?(k\b)?(?: ?(?:-|to|and|a|y) ?[$€£]?(\d[\d,]*(?:\.\d+)?) ?(k\b)?)?"
    rf"|(?:(\d[\d,]*(?:\.\d+)?) ?(k)? ?(?:-|to|and|a|y) ?)?\b(\d[\d,]*(?:\.\d+)?) ?(k)? ?{_MONEY_WORD}\b"
)
_IN_WORDS = re.compile(
    rf"\b{_SPELLED}(?:[ -](?:and )?{_SPELLED})* {_MONEY_WORD}\b|\ba grand\b|\b(?:one|two|three|four|five|six|seven"
    rf"|eight|nine)[ -](?:ten|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
    r"|hundred|thousand)\b|\b(?:is|are|costs?|charge|pay) (?:double|triple|twice)\b|\btime and a half\b|\bel doble\b"
)
_ABOUT_PRICE = re.compile(
    r"\b(?:costs?|costing|prices?|priced|charg(?:e|es|ed|ing)|fees?|rates?|quote[ds]?|estimates?|runs?(?: about| you"
    r"| around)|bill"
    r"|per hour|an hour|hourly|flat|ballpark|starts? (?:at|from)|range|total|cuesta\w*|costos?|costar\w*|precios?"
    r"|cobr(?:a|an"
    r"|amos|o|aria)|tarifa|por hora|la hora|sale(?:n)? (?:en|por|a)|presupuesto)\b"
)
_BARE = re.compile(
    r"(?<![\w$€£.,/:#'-])(\d[\d,]*(?:\.\d+)?)(k)?(?![\d/:%]|-\d{3}|,\d| ?(?:am|pm|gal|min|hour|hr|day|week|month"
    r"|year|inch|feet|ft"
    r"|people|percent|psi|degree|unit|amp|volt|watt|minuto|hora|dia|semana|galon|ano|st\b|nd\b|rd\b|th\b))"
)
_FREE = re.compile(
    r"\bfree (?:\w+ )?(?:estimates?|quotes?|inspections?|visits?|service|diagnos\w*|repairs?|consult\w*|check\w*"
    r"|call\b|work"
    r"|labor|installation)|\b(?:for|totally|completely|absolutely) free\b(?! (?:on|at|then))|\bfree of charge\b"
    r"|\b(?:no|without|any) (?:extra )?(?:charge|cost|fee)\b|\bno cost\b|\b(?:pay|costs?) nothing\b"
    r"|n't cost (?:you )?(?:anything|a thing)\b|\bpay half\b|\bhalf (?:price|off)\b"
    r"|\b(?:won't|will not|don't|not going to) charge\b|\bon the house\b|\bcomplimentary\b|\bwaiv(?:e|ed|ing)\b"
    r"|\bgratis\b|\bgratuit[oa]s?\b|\bsin (?:costo|cargo|cobro)\b|\bno (?:le )?cobra(?:mos|remos|n)?\b|\bcortesia\b"
    r"|\bno (?:tiene costo|cuesta)\b|\b(?:va|corre|invita) (?:por|la) (?:nuestra cuenta|cuenta nuestra|casa)\b"
    r"|\b(?:la )?mitad (?:de|del) precio\b"
)
_IS_FREE = re.compile(
    r"\b(?:it's|it is|that's|this is|is|are|comes?) (?:always )?free\b|\b(?:pay|costs?) nothing\b"
)  # or a time is
_DISCOUNT = re.compile(
    r"\b(?:discounts?|discounted|coupons?|refund\w*|reimburse\w*|money back|price match\w*|descuentos?|rebajas?"
    r"|cupon(?:es)?"
    r"|reembols\w+|devolvemos el dinero)\b|\d ?(?:%|percent) (?:off|less|de descuento|menos)|\bbeat (?:any|their"
    r"|that)\b|\bby \d+ ?(?:%|percent)"
)
_NOTHING = re.compile(r"\b(?:free|gratis|no charge|no cost|sin costo|complimentary|gratuit[oa]|sin cargo)\b")
_DISCOUNTED = re.compile(r"\b(?:discount|off|descuento|coupon)\b")


def violations(text: Sequence[Sentence], request: Request) -> set[str]:
    """Return {"price"} if `text` names an amount, a discount or free work that the job estimates do not have."""
    estimates = _Estimates(request.business.job_estimates)
    asked_for = {
        amount for line in request.messages if line.sender_type == CUSTOMER for amount in _numbers(fold(line.body))
    }
    is_of_times = any(times.clocks(sentence.text) or times.names_day(sentence.text) for sentence in text)
    is_free = not (is_of_times or estimates.has_free) and any(_IS_FREE.search(sentence.text) for sentence in text)
    return {"price"} if is_free or any(_is_wrong(sentence, estimates, asked_for) for sentence in text) else set()


def without_amounts(words: str) -> str:
    """Return `words` without sums of money."""
    return _AMOUNT.sub(" ", words)


def _is_wrong(sentence: Sentence, estimates: "_Estimates", asked_for: set[float]) -> bool:
    words = sentence.text
    for pattern, allowed in ((_FREE, estimates.has_free), (_DISCOUNT, estimates.has_discount)):
        match = pattern.search(words)
        if match and not allowed and not is_denied(words[: match.start()]):
            return True
    amounts, is_refusal = set(_amounts(words)), is_denied(words)
    if _ABOUT_PRICE.search(words) and not is_refusal:
        amounts |= {number for number in _numbers(words) if number >= 10}
    if _IN_WORDS.search(words):
        return not is_refusal
    return any(not estimates.have(amount, words) and not (is_refusal and amount in asked_for) for amount in amounts)


class _Estimates:
    """The job estimates: which amounts, for which job."""

    def __init__(self, estimates: Mapping[str, Any]) -> None:
        self._jobs = [(_stems(job), set(_amounts_in(value))) for job, value in estimates.items()]
        words = fold(" . ".join(_words_in(estimates)))
        self.has_free = _NOTHING.search(words) is not None or any(0.0 in amounts for _, amounts in self._jobs)
        self.has_discount = _DISCOUNTED.search(words) is not None

    def have(self, amount: float, words: str) -> bool:
        """Tell whether `amount` is one of the job that `words` speak of; of any job if they name none."""
        named = [amounts for stems, amounts in self._jobs if stems and all(stem in words for stem in stems)]
        return any(amount in amounts for amounts in named or [amounts for _, amounts in self._jobs])


def _stems(job: str) -> list[str]:
    return [word[:5] for word in re.findall(r"[a-z]{3,}", fold(job.replace("_", " ")))]


def _amounts(words: str) -> Iterable[float]:
    for match in _AMOUNT.finditer(words):
        for digits, thousands in ((1, 2), (3, 4), (5, 6), (7, 8)):
            if match[digits]:
                yield _number(match[digits], match[thousands])


def _numbers(words: str) -> Iterable[float]:
    yield from _amounts(words)
    for match in _BARE.finditer(words):
        yield _number(match[1], match[2])


def _number(digits: str, thousands: str | None) -> float:
    return float(digits.replace(",", "").rstrip(".")) * (1000 if thousands else 1)


def _amounts_in(value: Any) -> Iterable[float]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from _amounts_in(part)
    elif isinstance(value, str):
        yield from _all_digits(fold(value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def _all_digits(words: str) -> Iterable[float]:
    for digits, thousands in re.findall(r"(\d[\d,]*(?:\.\d+)?) ?(k\b)?", words):
        yield _number(digits, thousands)


def _words_in(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield str(key)
            yield from _words_in(part)
    elif isinstance(value, list):
        for part in value:
            yield from _words_in(part)
    else:
        yield str(value)
