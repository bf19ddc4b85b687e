"""Days in people's words, English and Spanish: tomorrow, el viernes, next week, March 5, el 15."""

import calendar
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta

from conversations.ai.rules.reading.wishes import Found, Wish

_PAST = Wish(refused=True)  # a day that lies behind

_WEEKDAYS = {
    name: weekday
    for weekday, names in enumerate(
        (
            "monday mon lunes lun",
            "tuesday tues tue martes",
            "wednesday wednsday weds wed miercoles mierc mie",
            "thursday thursdy thurs thur thu jueves jue",
            "friday fri viernes vie",
            "saturday sat sabado sab",
            "sunday sun domingo dom",
        )
    )
    for name in names.split()
}
_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "january jan enero ene",
            "february feb febrero",
            "march mar marzo",
            "april apr abril abr",
            "may mayo",
            "june jun junio",
            "july jul julio",
            "august aug agosto ago",
            "september sept sep septiembre setiembre",
            "october oct octubre",
            "november nov noviembre",
            "december dec diciembre dic",
        ),
        start=1,
    )
    for name in names.split()
}
_NUMBERS = {
    name: number
    for number, names in {
        1: "a an one un una",
        2: "two dos couple",
        3: "three tres",
        4: "four cuatro",
        5: "five cinco",
        6: "six seis",
    }.items()
    for name in names.split()
}


def _any(names: Iterable[str]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_WEEKDAY = rf"(?P<weekday>{_any(_WEEKDAYS)})s?"
_MAYBE_WEEKDAY = rf"(?:(?:{_any(_WEEKDAYS)})\b\.?,?\s+(?:the |el )?)?"
_MONTH = rf"(?P<month>{_any(_MONTHS)})\.?"
_NUMBER = rf"(?P<number>\d{{1,3}}|{_any(_NUMBERS)})"
_NTH = r"(?P<day>\d{1,2})(?:st|nd|rd|th)"
_NO_SIZE = r"(?!\s*(?:\"|/|-?(?:in|inch|inches|pipe|pipes|bath|full|cup|way|gallons?|pulgadas?|times|x)\b))"
_NO_TIME = r"(?!\s*(?::|am\b|pm\b|a\.m|p\.m|de la (?:manana|tarde|noche)))"


def find_days(text: str, today: date, now: datetime) -> Iterator[Found]:
    """Yield the days named in folded `text`, as seen from `today`; `now` is local, for “in two hours”."""
    for pattern, meaning in _PATTERNS:
        for match in pattern.finditer(text):
            wish = meaning(match, today, now)
            if wish is not None:
                yield match.start(), match.end(), None if wish is _PAST else wish


Meaning = Callable[[re.Match[str], date, datetime], Wish | None]


def _day(day: date) -> Wish:
    return Wish(first=day, last=day)


def _after(days: int) -> Meaning:
    return lambda match, today, now: _day(today + timedelta(days))


def _past(match: re.Match[str], today: date, now: datetime) -> Wish:
    return _PAST


def _monday(today: date, weeks: int) -> date:
    return today - timedelta(today.weekday()) + timedelta(weeks=weeks)


def _weekday(match: re.Match[str], today: date, now: datetime) -> Wish:
    """“Friday” on a Friday is today."""
    return _day(today + timedelta((_WEEKDAYS[match["weekday"]] - today.weekday()) % 7))


def _coming_weekday(match: re.Match[str], today: date, now: datetime) -> Wish:
    return _day(today + timedelta((_WEEKDAYS[match["weekday"]] - today.weekday() - 1) % 7 + 1))


def _weekday_next_week(match: re.Match[str], today: date, now: datetime) -> Wish:
    return _day(_monday(today, 1) + timedelta(_WEEKDAYS[match["weekday"]]))


def _weekend(weeks: int) -> Meaning:
    def meaning(match: re.Match[str], today: date, now: datetime) -> Wish:
        monday = _monday(today, weeks)
        return Wish(first=max(today, monday + timedelta(5)), last=monday + timedelta(6))

    return meaning


def _this_week(match: re.Match[str], today: date, now: datetime) -> Wish:
    return Wish(first=today, last=_monday(today, 0) + timedelta(6))


def _next_week(match: re.Match[str], today: date, now: datetime) -> Wish:
    return Wish(first=_monday(today, 1), last=_monday(today, 1) + timedelta(6))


def _date(match: re.Match[str], today: date, now: datetime) -> Wish | None:
    day = _next_date(_MONTHS[match["month"]], int(match["day"]), today)
    return _day(day) if day else None


def _day_of_month(match: re.Match[str], today: date, now: datetime) -> Wish | None:
    for months in range(3):
        day = _next_date((today.month - 1 + months) % 12 + 1, int(match["day"]), today)
        if day and day - today < timedelta(62):
            return _day(day)
    return None


def _weekday_and_number(match: re.Match[str], today: date, now: datetime) -> Wish | None:
    """“viernes 6” is a date if the 6th is a Friday; else the 6 is an hour."""
    wish = _day_of_month(match, today, now)
    if (
        wish
        and wish.first
        and wish.first.weekday() == _WEEKDAYS[match["weekday"]]
        and wish.first - today < timedelta(14)
    ):
        return wish
    return None


def _numeric(match: re.Match[str], today: date, now: datetime) -> Wish | None:
    """3/5 is March 5 or 5 de marzo, whichever comes sooner: people name days that are near."""
    one, two = int(match["one"]), int(match["two"])
    days = [day for day in (_next_date(one, two, today), _next_date(two, one, today)) if day]
    return _day(min(days)) if days and (one, two) != (24, 7) else None


def _next_date(month: int, day: int, today: date) -> date | None:
    for year in (today.year, today.year + 1):
        if 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1] and date(year, month, day) >= today:
            return date(year, month, day)
    return None


def _in_days(match: re.Match[str], today: date, now: datetime) -> Wish:
    count = int(_NUMBERS.get(match["number"], match["number"]))
    return _day(today + timedelta(count * (7 if match["unit"][0] in "ws" else 1)))


def _in_hours(match: re.Match[str], today: date, now: datetime) -> Wish:
    """“In two hours”: from then on, that day."""
    count = int(_NUMBERS.get(match["number"], match["number"]))
    then = now + (timedelta(hours=count) if match["unit"][0] == "h" else timedelta(minutes=count))
    return Wish(first=then.date(), last=then.date(), begins=time(then.hour, then.minute))


_NEXT_WEEK = r"(?:next week|(?:la )?(?:proxima semana|otra semana|semana (?:que viene|proxima|entrante|siguiente)))"

# The first that fits a place wins.
_PATTERNS: tuple[tuple[re.Pattern[str], Meaning], ...] = tuple(
    (re.compile(rf"(?<![\w/]){pattern}(?![\w/])"), meaning)
    for pattern, meaning in (
        (rf"(?:since|last|past|desde(?: el)?) {_WEEKDAY}", _past),
        (rf"{_WEEKDAY} pasado", _past),
        (r"(?:since|desde) (?:yesterday|ayer|today|hoy)", _past),
        (r"see (?:you|u|ya) (?:tomorrow|then)|hasta manana", _past),
        (r"day after (?:tomorrow|tmrw|tmr)|pasado manana", _after(2)),
        (r"(?:tomorrow|tommorrow|tomorow|tommorow|tomorro|tmrw|tmrrw|tmr|tmw|tmmrw|2morrow|2moro)s?", _after(1)),
        (r"(?<!\bla )(?<!esta )manana(?! siguiente)", _after(1)),
        (rf"{_WEEKDAY} (?:of |de )?{_NEXT_WEEK}", _weekday_next_week),
        (rf"{_NEXT_WEEK},? (?:on |el )?{_WEEKDAY}", _weekday_next_week),
        (rf"next {_WEEKDAY}", _weekday_next_week),
        (rf"(?:this coming|this|coming|proximo|este) {_MAYBE_WEEKDAY}{_NTH}(?! {_MONTH})", _day_of_month),
        (rf"(?:proximo|este proximo) {_WEEKDAY}", _coming_weekday),
        (rf"{_WEEKDAY} (?:que viene|proximo|entrante|que entra)", _coming_weekday),
        (rf"{_MAYBE_WEEKDAY}{_MONTH} (?:the )?(?P<day>\d{{1,2}})(?:st|nd|rd|th)?", _date),
        (rf"{_MAYBE_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of| de)? {_MONTH}", _date),
        (rf"{_MAYBE_WEEKDAY}(?:the )?{_NTH}(?! (?:st|ave|street|floor|grade))", _day_of_month),
        (rf"(?:el dia|el) (?P<day>\d{{1,2}}){_NO_TIME}", _day_of_month),
        (rf"{_WEEKDAY},? (?:the |el )?(?P<day>\d{{1,2}}){_NO_TIME}", _weekday_and_number),
        (rf"(?P<one>\d{{1,2}})/(?P<two>\d{{1,2}})(?:/(?:\d{{4}}|\d\d))?{_NO_SIZE}", _numeric),
        (r"(?:the )?next weekend|(?:el )?(?:proximo|otro) fin de semana", _weekend(1)),
        (r"(?:this |the |el |este )?(?:weekend|fin de semana|finde)", _weekend(0)),
        (_NEXT_WEEK, _next_week),
        (r"this week|esta semana|(?:later|sometime) this week", _this_week),
        (rf"(?:in|within|en|dentro de) {_NUMBER} (?:of )?(?P<unit>days?|weeks?|dias?|semanas?)", _in_days),
        (
            rf"(?:in|within|en|dentro de) (?:a )?{_NUMBER} (?:of )?(?P<unit>hours?|hrs?|h|min(?:ute|uto)?s?|horas?)",
            _in_hours,
        ),
        (r"today|2day|tday|hoy(?: mismo)?", _after(0)),
        (rf"(?:this coming |this |coming |el |este )?{_WEEKDAY}", _weekday),
    )
)
