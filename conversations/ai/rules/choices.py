"""Which of the free times a customer chose: “the second one”, “3 works”, “sí, a las 3”, “whatever is first”."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from conversations.ai.protocol import Slot
from conversations.ai.rules.offers import suiting
from conversations.ai.rules.reading.folding import fold
from conversations.ai.rules.reading.phrases import ordinal
from conversations.ai.rules.reading.wishes import Wish

_NUMBER = re.compile(
    r"^\W*(?:(?:yes|yeah|yep|si|ok|okay|sure|lets do|ill take|i can do|i like|how about|what about|maybe|the|las?|#)"
    r"[, ]+){0,3}(?P<hour>\d{1,2})(?::00)?(?:ish)?(?= ?(?:$|[.,!?]|works?|is|will|would|please|pls|sounds?|ok|good|fine"
    r"|great|perfect|it|for|then|thanks|one|esta|me|por|funciona|gracias|seria|se|queda|sharp|sure|if))"
)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a text makes of an offer: a start that is free, or the times it narrows the offer down to, or neither.

    `taken` is a start that was meant and is not free.
    """

    start: datetime | None = None
    among: tuple[datetime, ...] = ()
    taken: Wish | None = None


def choose(
    text: str,
    meant: frozenset[str],
    *,
    wanted: Sequence[Wish],
    refused: Sequence[Wish],
    offered: Sequence[datetime],
    free: Mapping[datetime, Slot],
) -> Choice:
    """Return what `text` chooses.

    `meant` are its intents, `wanted` and `refused` the times it names, `offered` the starts that were offered last,
    in their order. Only a start in `free` is ever chosen; a vague answer to several offers chooses none.
    """
    if wanted:
        return _by_time(wanted, refused, offered, free)
    if not offered:
        return Choice()
    if (place := ordinal(text)) is not None and -1 <= place < len(offered):
        return _of(offered[place], free)
    if hour := _NUMBER.match(fold(text)):
        return _by_number(int(hour["hour"]), offered, free)
    left = suiting(offered, (), refused)
    if meant & {"asap", "flexible"} or (len(left) == 1 and _agrees(meant, refused)):
        still_free = [start for start in left if start in free]
        return Choice(start=still_free[0]) if still_free else Choice()
    return Choice()


def _by_time(
    wanted: Sequence[Wish], refused: Sequence[Wish], offered: Sequence[datetime], free: Mapping[datetime, Slot]
) -> Choice:
    named = suiting(offered, wanted, refused)
    if len(named) == 1:
        return _of(named[0], free)
    exact = [wish for wish in wanted if wish.exact]
    if not exact:
        return Choice(among=tuple(start for start in named if start in free))
    if len(named) > 1 and len(exact) == 1:
        return Choice(among=tuple(start for start in named if start in free))
    for wish in exact:
        starts = suiting(free, (wish,), refused)
        if len(starts) == 1 or (starts and wish.one_day):
            return Choice(start=starts[0])
        if starts:
            return Choice(among=tuple(starts))
    return Choice(taken=exact[0])


def _by_number(number: int, offered: Sequence[datetime], free: Mapping[datetime, Slot]) -> Choice:
    """“3” is the offer at 3 o'clock; where there is none, 3 o'clock on the first day, or the third: they are asked."""
    at_hour = [start for start in offered if start.hour % 12 == number % 12 and number <= 12 and not start.minute]
    if len(at_hour) > 1:
        return Choice(among=tuple(start for start in at_hour if start in free))
    if at_hour:
        return _of(at_hour[0], free)
    if not 1 <= number <= 12:
        return Choice()
    day, at = offered[0].date(), time(number + 12 if number < 7 else number)
    by_hour = _by_time((Wish(day, day, at, at, loose=True),), (), (), free)
    if number > len(offered):
        return by_hour
    by_place = _of(offered[number - 1], free)
    if by_hour.start and by_place.start:
        return Choice(among=(by_hour.start, by_place.start))
    return by_place


def _of(start: datetime, free: Mapping[datetime, Slot]) -> Choice:
    if start in free:
        return Choice(start=start)
    return Choice(taken=Wish(start.date(), start.date(), start.time(), start.time()))


def _agrees(meant: frozenset[str], refused: Sequence[Wish]) -> bool:
    """A plain yes; or what was refused leaves one."""
    return bool(refused) or ("yes" in meant and not meant & {"no", "none_of_these", "earlier", "later"})
