"""The times that may be named: free slots, the open visit, opening hours, what the customer asked for."""

import re
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from conversations.ai.guards import times
from conversations.ai.guards.reading import Sentence, fold, is_denied
from conversations.ai.protocol import CUSTOMER, Answer, Request, Slot

_ABOUT_HOURS = re.compile(
    r"\b(?:we're (?:open|here|in)|open|closed|closing|hours|abr\w+|abiert\w+|cerra\w+|horario|estamos|atendemos)\b"
)
_ECHOES = re.compile(
    r"\b(?:said|mentioned|asked|noted|note|requested?|pass\w*|prefer\w*|wanted|would|like|dijo|pidio|anot\w+"
    r"|pregunt\w+|quiere"
    r"|prefiere|le paso|gustaria)\b"
)


class Diary:
    """One business's times, seen from one conversation."""

    def __init__(self, answer: Answer, request: Request) -> None:
        self._zone = ZoneInfo(request.business.timezone)
        self._today = request.now.astimezone(self._zone).date()
        self._hours = {hour for _, opens, closes in request.business.hours for hour in (opens, closes)}
        self._visits = [request.appointment] if request.appointment else []
        self._offers = [*request.free_slots, *self._visits]
        said = " . ".join(fold(line.body) for line in request.messages if line.sender_type == CUSTOMER)
        self._asked_for = {minute for clock in times.clocks(said) for minute in clock.minutes}
        self.is_confirmed = request.appointment_status == "confirmed" and answer.appointment is None

    def has_no(self, sentence: Sentence, *, is_settled: bool, is_offer: bool, is_open: bool) -> bool:
        """Tell whether `sentence` names a time or a day that may not be named.

        `is_settled`: it calls a visit booked; `is_offer`: it says that somebody can come; `is_open`: it is a wish or
        has a condition.
        """
        if is_denied(sentence.text):
            return False
        slots = self._visits if is_settled and self.is_confirmed else self._offers
        days = times.days(sentence.text, self._today)
        clocks = times.clocks(sentence.text)
        for clock in clocks:
            if not self._is_slot(clock, days, slots) and (is_offer or not self._may_name(clock, sentence)):
                return True
        if clocks or not days or sentence.is_question or _ABOUT_HOURS.search(sentence.text):
            return False
        if not is_offer and (is_open or not times.names_later_day(sentence.text)):
            return False
        return not any(day(slot.start.astimezone(self._zone).date()) for slot in slots for day in days)

    def _is_slot(self, clock: times.Clock, days: Sequence[times.Day], slots: Sequence[Slot]) -> bool:
        for slot in slots:
            start, end = slot.start.astimezone(self._zone), slot.end.astimezone(self._zone)
            is_at = _minute(start) in clock.minutes or (clock.is_end and _minute(end) in clock.minutes)
            if is_at and (not days or any(day(start.date()) for day in days)):
                return True
        return False

    def _may_name(self, clock: times.Clock, sentence: Sentence) -> bool:
        """Tell whether `clock` is an opening hour, or a time that the customer asked for and that is only repeated."""
        if _ABOUT_HOURS.search(sentence.text):
            return any(hour.hour * 60 + hour.minute in clock.minutes for hour in self._hours)
        is_echo = sentence.is_question or _ECHOES.search(sentence.text) is not None
        return is_echo and bool(clock.minutes & self._asked_for)


def _minute(moment: datetime) -> int:
    return moment.hour * 60 + moment.minute
