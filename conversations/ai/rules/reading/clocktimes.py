"""Times of day in people's words, English and Spanish: 3 pm, after 4, a las 3 y media, in the morning."""

import re
from datetime import date, time

from conversations.ai.rules.reading.wishes import Found, Wish

Place = tuple[int, int]

_MIDNIGHT, _NOON, _LUNCH = time(0), time(12), time(12, 30)

_ENGLISH = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_SPANISH = ["una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"]
_HOURS = {name: hour for names in (_ENGLISH, _SPANISH) for hour, name in enumerate(names, start=1)}
_POINTS = {"noon": _NOON, "midday": _NOON, "mediodia": _NOON, "medio dia": _NOON, "lunch": _LUNCH}
_POINTS |= {"midnight": _MIDNIGHT, "medianoche": _MIDNIGHT}

_EN_HOUR, _ES_HOUR = "|".join(_ENGLISH), "|".join(_SPANISH)
_AM = r"a\.m\.?|am\b|a\b(?=\s*(?:$|[,.;!?]))|de la (?:manana|madrugada)"
_PM = r"p\.m\.?|pm\b|p\b|de la (?:tarde|noche)"
_HALF = rf"(?:\s*(?:(?P<am>{_AM})|(?P<pm>{_PM})))?"
_AFTER = (
    r"any ?time after|anytime past|not before|no earlier than|after|past|starting(?: at| from)?|from|no antes de"
    r"|despues de(?:l)?|a partir de(?:l)?|desde|pasadas?"
)
_BEFORE = r"not after|no later than|before|by|until|till|til|no despues de|antes de(?:l)?|hasta"
_ABOUT = (
    r"at around|at about|at|@|around|about|how about|what about|approx(?:imately)?|do|make it|like|say|como a"
    r"|a eso de|tipo|sobre|para|a"
)
_LATER = r"or (?:any ?time )?(?:later|after)|and (?:later|after)|onwards?|en adelante|o (?:mas tarde|despues)"
_SOONER = r"or (?:earlier|sooner|before)|o (?:antes|mas temprano)"

# What may follow a number that is an hour though nothing but a word before it says so: “at 3 works”, not “at 3 houses”.
_FOLLOWS = (
    r"(?=\s*(?:$|[,.;!?)]|-(?!\d)|(?:today|tomorrow|tmrw|hoy|manana|el|este|this|next|on|mon|tue|wed|thu|fri|sat|sun|lunes"
    r"|martes|miercoles|jueves|viernes|sabado|domingo|works?|will|would|is|if|or|and|please|pls|plz|thanks|thank|for|to"
    r"|until|but|sharp|then|o|y|me|si|gracias|por|porfa|de|esta|en|puede|pueden|seria|estaria|that|can|could|when|i|we"
    r"|only|instead|fine|good|ok|okay|great|perfect|so|because|in|at|sounds?|se|queda|todo|doesnt|dont|wont|isnt|not|no"
    r"|which|cual|works|over|maybe)\b))"
)
_POINT = re.compile(
    rf"(?<![\w$/:.#-])(?:(?:(?P<after>{_AFTER})|(?P<before>{_BEFORE})|(?P<about>{_ABOUT}))(?=[\s@\d])\s*)?"
    rf"(?P<las>las?\s+|el\s+)?"
    rf"(?:(?P<hour>\d{{1,2}})(?!\d)(?:[:.](?P<minute>[0-5]\d)(?!\d))?|(?P<name>{_EN_HOUR}|{_ES_HOUR})\b"
    rf"|(?P<point>{'|'.join(_POINTS)})\b)"
    rf"(?:\s?(?P<ish>ish)\b)?(?:\s*(?P<quarter>y media|y cuarto|menos cuarto|thirty)\b)?"
    rf"(?:\s*(?P<oclock>o ?clock|en punto|hrs)\b)?{_HALF}(?:\s+(?P<later>{_LATER})|\s+(?P<sooner>{_SOONER}))?"
)
_PAST_TO = re.compile(
    rf"\b(?P<part>half past|half|quarter past|quarter after|quarter to|cuarto para las?) "
    rf"(?P<hour>\d{{1,2}}|{_EN_HOUR}|{_ES_HOUR})\b{_HALF}"
)
_RANGE = re.compile(
    r"(?<![\w$/:.#-])(?P<lead>between|from|entre|de|desde)?\s*(?:las?\s+)?"
    rf"(?P<hour>\d{{1,2}})(?::(?P<minute>[0-5]\d))?(?:\s*(?:(?P<am1>{_AM})|(?P<pm1>{_PM})))?"
    r"\s*(?P<join>-|to|and|&|until|till|til|a|y|hasta|through)\s*(?:las?\s+)?"
    rf"(?P<hour2>\d{{1,2}}|noon)(?![\d/-])(?::(?P<minute2>[0-5]\d))?{_HALF}"
)
_FOLLOWED = re.compile(_FOLLOWS)
_BARE = re.compile(r"(?<![\w$/:.#-])(?:(?P<hour>\d{1,2})(?![\d:/])|(?P<half>am|pm)\b)")
_NEXT_TO_A_DAY = re.compile(r",?\s?")
_NEXT_TO_A_TIME = re.compile(r"\s?(?:,|/|or|and|o|y)\s?(?:or |o )?")

# The first that fits a place wins: earliest and latest start, and whether it can only be today's.
_PARTS: tuple[tuple[re.Pattern[str], tuple[int, int, int, int] | None, bool], ...] = tuple(
    (re.compile(rf"\b(?:{pattern})\b"), hours, today)
    for pattern, hours, today in (
        (
            r"good (?:morning|afternoon|evening|night)|(?:last|yesterday) (?:night|morning|afternoon|evening)",
            None,
            False,
        ),
        (r"all (?:day|morning|night)|toda la (?:manana|tarde|noche)|every (?:morning|night)", None, False),
        (r"this morning|esta manana", (6, 0, 11, 59), True),
        (r"this afternoon|esta tarde", (12, 0, 17, 59), True),
        (r"tonight|tonite|this evening|esta noche", (17, 0, 22, 59), True),
        (r"early (?:in the )?morning|first thing(?: in the morning)?|(?:a )?primera hora", (6, 0, 9, 59), False),
        (r"late morning|media manana", (10, 0, 11, 59), False),
        (r"early (?:in the )?afternoon", (12, 0, 14, 29), False),
        (r"late (?:in the )?afternoon|end of (?:the )?day|eod|ultima hora", (15, 0, 18, 59), False),
        (r"lunch ?time|hora (?:de comer|del almuerzo)", (11, 30, 13, 30), False),
        (r"after work|despues del trabajo|saliendo del trabajo", (17, 0, 23, 59), False),
        (r"mornings?|in the am|(?:por|en|de|a) la manana|(?<!mas )temprano|mananas", (6, 0, 11, 59), False),
        (r"afternoons?|in the pm", (12, 0, 16, 59), False),
        (r"(?:(?:por|en|a) )?la tarde", (12, 0, 18, 59), False),
        (r"evenings?|nights?|(?:(?:por|en) )?la noche", (17, 0, 22, 59), False),
    )
)


def find_times(text: str, today: date, days: list[Place]) -> list[Found]:
    """Return the times of day named in folded `text`, the surest first; they may lie inside one another.

    `days` are the places of its days: beside one, or beside another time, a bare 3 is an hour.
    """
    found: list[Found] = []
    for pattern, meaning in ((_RANGE, _range), (_PAST_TO, _past_to), (_POINT, _point)):
        found += [(*match.span(), wish) for match in pattern.finditer(text) if (wish := meaning(match))]
    for pattern, hours, only_today in _PARTS:
        day = today if only_today else None
        wish = Wish(day, day, time(*hours[:2]), time(*hours[2:])) if hours else None
        found += [(*match.span(), wish) for match in pattern.finditer(text)]
    for match in _BARE.finditer(text):
        if _is_beside(match, days, [place[:2] for place in found]) and (wish := _bare(match)):
            found.append((*match.span(), wish))
    return found


def clock(hour: int, minute: int = 0, *, am: bool = False, pm: bool = False) -> tuple[time, bool] | None:
    """Return the time and whether it may as well be twelve hours off; None if no clock shows it.

    Without am or pm it is the one at which people receive visitors: from 7 in the morning to 6 in the evening.
    """
    if hour > 23 or ((am or pm) and hour > 12 and not (pm and hour < 24)):
        return None
    if hour > 12 or hour == 0:
        return time(hour, minute), False
    if am:
        return time(hour % 12, minute), False
    if pm:
        return time(hour % 12 + 12, minute), False
    return time(hour + 12 if hour < 7 else hour, minute), True


def _point(match: re.Match[str]) -> Wish | None:
    part = match.groupdict()
    if part["point"]:
        found: tuple[time, bool] | None = (_POINTS[part["point"]], False)
    else:
        if not _is_hour(match):
            return None
        hour = int(part["hour"]) if part["hour"] else _HOURS[part["name"]]
        found = clock(hour, int(part["minute"] or 0), am=bool(part["am"]), pm=bool(part["pm"]))
    if found is None:
        return None
    at, loose = _moved(found[0], part["quarter"]), found[1]
    if part["after"] or part["later"]:
        return Wish(begins=at)
    if part["before"] or part["sooner"]:
        return Wish(ends=_before(at))
    return Wish(begins=at, ends=at, loose=loose)


def _is_hour(match: re.Match[str]) -> bool:
    part = match.groupdict()
    if part["am"] or part["pm"] or part["oclock"] or part["ish"] or (part["minute"] and part["hour"]):
        return True
    spanish = bool(part["las"]) and (part["las"].strip() == "las" or part["hour"] == "1" or part["name"] == "una")
    if part["name"] in _ENGLISH and not (part["after"] or part["before"] or part["about"]):
        return False
    if part["name"] in _SPANISH and not spanish:
        return False
    if part["quarter"]:
        return spanish or bool(part["about"])
    if spanish or part["later"] or part["sooner"]:
        return True
    has_word = part["after"] or part["before"] or (part["about"] and part["about"] not in ("a", "para", "like", "say"))
    return bool(has_word) and not part["las"] and _FOLLOWED.match(match.string, match.end()) is not None


def _moved(at: time, quarter: str | None) -> time:
    minutes = {"y media": 30, "thirty": 30, "y cuarto": 15, "menos cuarto": -15}.get(quarter or "", 0)
    total = (at.hour * 60 + at.minute + minutes) % (24 * 60)
    return time(total // 60, total % 60)


def _before(at: time) -> time:
    """The latest start that is before `at`."""
    total = max(at.hour * 60 + at.minute - 1, 0)
    return time(total // 60, total % 60)


def _past_to(match: re.Match[str]) -> Wish | None:
    hour = int(match["hour"]) if match["hour"].isdigit() else _HOURS[match["hour"]]
    found = clock(hour, am=bool(match["am"]), pm=bool(match["pm"]))
    if found is None:
        return None
    part = match["part"]
    quarter = (
        "y media" if part.startswith("half") else "y cuarto" if "past" in part or "after" in part else "menos cuarto"
    )
    at = _moved(found[0], quarter)
    return Wish(begins=at, ends=at, loose=found[1])


def _range(match: re.Match[str]) -> Wish | None:
    part = match.groupdict()
    has_half = part["am"] or part["pm"] or part["am1"] or part["pm1"]
    if part["join"] in ("and", "&", "y") and part["lead"] not in ("between", "entre"):
        return None
    if not (has_half or part["lead"] or part["minute"]) and not _FOLLOWED.match(match.string, match.end()):
        return None
    end_half = (bool(part["am"]), bool(part["pm"]) or part["hour2"] == "noon")
    start_half = (bool(part["am1"]), bool(part["pm1"]))
    hour2 = 12 if part["hour2"] == "noon" else int(part["hour2"])
    start = clock(int(part["hour"]), int(part["minute"] or 0), am=start_half[0], pm=start_half[1])
    end = clock(hour2, int(part["minute2"] or 0), am=end_half[0], pm=end_half[1])
    if start is None or end is None:
        return None
    begins, ends = start[0], end[0]
    if start[1] and not end[1] and begins.hour < 12 <= ends.hour and _later(begins) < ends and begins.hour < 9:
        begins = _later(begins)  # 7-9 pm
    if start[1] and begins >= ends and begins.hour >= 12:
        begins = begins.replace(hour=begins.hour - 12)  # 5-9 am
    if end[1] and ends <= begins and ends.hour < 12:
        ends = _later(ends)  # 4-8
    return Wish(begins=begins, ends=_before(ends)) if begins < ends else None


def _later(at: time) -> time:
    return at.replace(hour=at.hour + 12)


def _bare(match: re.Match[str]) -> Wish | None:
    if match["half"]:
        return (
            Wish(begins=time(6), ends=time(11, 59)) if match["half"] == "am" else Wish(begins=_NOON, ends=time(16, 59))
        )
    found = clock(int(match["hour"]))
    if found is None or not _FOLLOWED.match(match.string, match.end()):
        return None
    return Wish(begins=found[0], ends=found[0], loose=found[1])


def _is_beside(match: re.Match[str], days: list[Place], times: list[Place]) -> bool:
    start, end, text = *match.span(), match.string
    return (
        any(day[1] <= start and _NEXT_TO_A_DAY.fullmatch(text, day[1], start) for day in days)
        or any(end <= day[0] and text[end : day[0]] == " " for day in days if match["hour"])
        or any(at[1] <= start and _NEXT_TO_A_TIME.fullmatch(text, at[1], start) for at in times if match["hour"])
    )
