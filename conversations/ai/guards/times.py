"""Days and times of day that a sentence names, in English and Spanish. Sentences are folded."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import pairwise

Day = Callable[[date], bool]

_WEEKDAYS = (
    r"mon(?:days?)?|lunes",
    r"tue(?:s|sdays?)?|martes",
    r"wed(?:nesdays?)?|miercoles",
    r"thu(?:rs|r|rsdays?)?|jueves",
    r"fri(?:days?)?|viernes",
    r"sat(?:urdays?)?|sabados?",
    r"sun(?:days?)?|domingos?",
)
_MONTHS = (
    "jan(?:uary)?|enero",
    "feb(?:ruary)?|febrero",
    "mar(?:ch)?|marzo",
    "apr(?:il)?|abril",
    "may|mayo",
    "june?|junio",
    "july?|julio",
    "aug(?:ust)?|agosto",
    "sept?(?:ember)?|septiembre",
    "oct(?:ober)?|octubre",
    "nov(?:ember)?|noviembre",
    "dec(?:ember)?|diciembre",
)
_TODAY = r"today|tonight|this (?:morning|afternoon|evening)|hoy|esta (?:manana|tarde|noche)"
_AFTER_TOMORROW = r"day after tomorrow|pasado manana"
_TOMORROW = r"tomorrow|(?<!la )(?<!esta )(?<!pasado )(?<!buena )manana"
_MONTH = "|".join(_MONTHS)
_NUMERIC = r"(?<![\d/])(1[0-2]|0?[1-9])/([12]\d|3[01]|0?[1-9])(?![\d])"  # month and day
_DATE = re.compile(
    rf"{_NUMERIC}|\b(?:{_MONTH})\.? \d{{1,2}}(?:st|nd|rd|th)?\b|\b\d{{1,2}} (?:de |of )?(?:{_MONTH})\b"
    r"|\bthe \d{1,2}(?:st|nd|rd|th)\b"
)
_MONTH_BEFORE = re.compile(rf"\b(?:{_MONTH})\.? $")
_MONTH_AFTER = re.compile(rf" (?:de |of )?(?:{_MONTH})\b")
_NO_CERTAIN_DAY = (
    r"(?:this|next|el|este|proximo) (?:weekend|fin de semana)|next (?:week|month)|proxima semana|another day"
)
_ANY_DAY = "|".join([*_WEEKDAYS, _TODAY, _AFTER_TOMORROW, _TOMORROW])

_WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_PALABRAS = ["una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"]
_HOURS = {word: str(hour) for words in (_WORDS, _PALABRAS) for hour, word in enumerate(words, start=1)}
_SPELLED = re.compile(rf"\b(at|around|by|a la|las) ({'|'.join(_HOURS)})\b")
_NUMBER = re.compile(
    r"(?<![\w$€£.,/:#'-])(?P<hour>\d{1,2})(?:[:.h](?P<minute>[0-5]\d))?(?: ?(?P<half>am|pm)\b| ?hrs?\b"
    r"| (?:de|en|por) la (?P<part>manana|tarde|noche)\b)?(?!\w|[.,]\d|/\d|-\d{3}|\$)"
    r"|(?<=-)(?P<hour_2>\d{1,2})(?::(?P<minute_2>[0-5]\d))?(?: ?(?P<half_2>am|pm)\b)(?!\w)"
)
_CONNECTS = re.compile(r"(?: ?- ?| (?:to|and|or|until|till|y|a|o|hasta)(?: las?)? )")
_UNTIL = re.compile(r"(?: ?- ?| (?:to|until|till|a|hasta)(?: las?)? )")
_BETWEEN = re.compile(r"\b(?:between|entre)(?: las?)? $")
_LEADS_IN = re.compile(
    rf"(?:\b(?:at|by|around|until|till|before|after|between|las|a la)(?: about)? |\b(?:{_ANY_DAY})(?: at)?,? )$"
)
_LEADS_IN_TO_TWO = re.compile(r"\b(?:from|de) $")
# What may follow a bare number that is a time of day; anything else makes it a number of something, or of a house.
_FOLLOWS = re.compile(
    r"(?:$|[.,;:!?)\"]| ?-| o'?clock| (?:on|in|or|and|if|for|is|works?|would|then|sharp|please|instead|but|so|to"
    r"|until|the"
    r"|de|y|o|a|el|la|para|por|si|esta|le|como|en punto|pero|que)\b"
    rf"| (?:{_ANY_DAY})\b)"
)


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day: the minutes after midnight that it may mean, because a bare 9 is 9:00 or 21:00."""

    minutes: frozenset[int]
    is_end: bool = False  # of a span: the 10 of 9-10


@dataclass(slots=True)
class _Number:
    start: int
    end: int
    hour: int
    minute: int
    half: str
    is_time: bool
    is_end: bool = False  # of a span: the 10 of 9-10


def clocks(sentence: str) -> list[Clock]:
    """Return the times of day that `sentence` names."""
    sentence = _SPELLED.sub(lambda match: f"{match[1]} {_HOURS[match[2]]}", sentence)
    found = [Clock(_minutes(number), number.is_end) for number in _times(sentence)]
    found += [Clock(frozenset({720})) for _ in re.findall(r"\b(?:noon|mediodia)\b", sentence)]
    return found + [Clock(frozenset({0})) for _ in re.findall(r"\b(?:midnight|medianoche)\b", sentence)]


def without_times(sentence: str) -> str:
    """Return `sentence` without its times of day and dates."""
    for number in reversed(_times(sentence)):
        sentence = sentence[: number.start] + sentence[number.end :]
    return _DATE.sub(" ", sentence)


def days(sentence: str, today: date) -> list[Day]:
    """Return the days that `sentence` names, as tests of a date."""
    dates = _dates(sentence)
    weekdays = {} if dates else dict(enumerate(_WEEKDAYS))  # “Thursday, November 19” is one day
    rest = re.sub(rf"\b(?:{_AFTER_TOMORROW})\b", "", sentence)
    found: list[Day] = [partial(_is_date, month, number) for month, number in dates]
    found += [partial(_is_weekday, number) for number, names in weekdays.items() if _says(names, sentence)]
    found += [partial(_is_same, today + timedelta(days=2))] if rest != sentence else []
    found += [partial(_is_same, today + timedelta(days=1))] if _says(_TOMORROW, rest) else []
    found += [partial(_is_same, today)] if _says(_TODAY, sentence) else []
    return [*found, _never] if _says(_NO_CERTAIN_DAY, sentence) else found


def names_day(sentence: str) -> bool:
    """Tell whether `sentence` names a day."""
    return _says(f"{_ANY_DAY}|{_NO_CERTAIN_DAY}", sentence)


def names_date(sentence: str) -> bool:
    """Tell whether `sentence` names a date, such as November 19 or 11/19."""
    return bool(_dates(sentence))


def names_later_day(sentence: str) -> bool:
    """Tell whether `sentence` names a day after today."""
    return _says("|".join([*_WEEKDAYS, _TOMORROW, _AFTER_TOMORROW, _NO_CERTAIN_DAY]), sentence)


def _is_date(month: int, number: int, day: date) -> bool:
    return (day.month, day.day) == (month, number)


def _is_weekday(number: int, day: date) -> bool:
    return day.weekday() == number


def _is_same(wanted: date, day: date) -> bool:
    return day == wanted


def _never(day: date) -> bool:
    return False


def _says(words: str, sentence: str) -> bool:
    return re.search(rf"\b(?:{words})\b", sentence) is not None


def _times(sentence: str) -> list[_Number]:
    numbers = [_number(sentence, match) for match in _NUMBER.finditer(sentence)]
    numbers = [number for number in numbers if number.hour <= 24]
    for left, right in pairwise(numbers):
        between, before = sentence[left.end : right.start], sentence[max(0, left.start - 12) : left.start]
        if not _CONNECTS.fullmatch(between):
            continue
        right.is_end = _UNTIL.fullmatch(between) is not None or _BETWEEN.search(before) is not None
        if left.is_time or right.is_time or _LEADS_IN_TO_TWO.search(before):
            left.is_time = right.is_time = True
    return [number for number in numbers if number.is_time]


def _dates(sentence: str) -> list[tuple[int, int]]:
    found = []
    for month, names in enumerate(_MONTHS, start=1):
        for match in re.finditer(rf"\b(?:(?:{names})\.? (\d{{1,2}})|(\d{{1,2}}) (?:de |of )?(?:{names}))\b", sentence):
            found.append((month, int(match[1] or match[2])))
    found += [(int(month), int(day)) for month, day in re.findall(_NUMERIC, sentence)]
    return found


def _number(sentence: str, match: re.Match[str]) -> _Number:
    hour, minute = match["hour"] or match["hour_2"], match["minute"] or match["minute_2"]
    half = (
        match["half"] or match["half_2"] or {"manana": "am", "tarde": "pm", "noche": "pm"}.get(match["part"] or "", "")
    )
    before, after = sentence[max(0, match.start() - 40) : match.start()], sentence[match.end() : match.end() + 40]
    is_date = _MONTH_BEFORE.search(before) is not None or _MONTH_AFTER.match(after) is not None
    is_bare_time = _LEADS_IN.search(before) is not None and _FOLLOWS.match(after) is not None
    return _Number(
        start=match.start(),
        end=match.end(),
        hour=int(hour),
        minute=int(minute or 0),
        half=half,
        is_time=not is_date and bool(half or minute or is_bare_time),
    )


def _minutes(number: _Number) -> frozenset[int]:
    hour = number.hour % 12 if number.half else number.hour
    first = hour * 60 + number.minute
    if number.half:
        return frozenset({first + 720 if number.half == "pm" else first})
    return frozenset({first % 1440, (first + 720) % 1440} if number.hour <= 12 else {first % 1440})
