"""One reading of what DispatchBot and the models answer: everything that was agreed on is there, or it is no answer.

Extra fields are ignored. What breaks a rule raises `DispatcherError`, whose message names the field, never its value:
a value may be a customer's words.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from conversations.ai.protocol import EMERGENCY, URGENCY_LEVELS, Answer, DispatcherError, Fault, Slot
from nevermisscall.lib.text import storable

MESSAGE_LIMIT = 1_600  # characters; Twilio takes no longer text
LEAST_CONFIDENCE = 0.5
OUTCOMES = ("", "booked", "resolved", "referred", "spam")
LANGUAGES = ("", "en", "es")
SUMMARY_LIMIT, JOB_FIELDS, JOB_VALUE_LIMIT = 2_000, 30, 500

_JOB_TYPE = re.compile(r"[a-z0-9_]{0,60}")


def read_json(text: str | bytes) -> Mapping[str, Any]:
    """Return the JSON object that `text` is; raises `DispatcherError`."""
    try:
        data = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise DispatcherError(f"the answer is not JSON ({type(error).__name__})") from None
    if not isinstance(data, dict):
        raise DispatcherError("the answer is not a JSON object")
    return data


def parse(data: Mapping[str, Any], *, free_slots: Sequence[Slot]) -> Answer:
    """Return the answer that `data` is.

    A visit is one of `free_slots`; a confidence below 0.5 is a failure. An emergency that is said in one of the two
    fields only is one.
    """
    fields = _Fields(data)
    urgency = fields.one_of("urgency_level", URGENCY_LEVELS)
    emergency = fields.boolean("emergency_detected") or urgency == EMERGENCY
    answer = Answer(
        message_to_customer=fields.message("message_to_customer"),
        job_type=fields.job_type("job_type"),
        urgency_level=EMERGENCY if emergency else urgency,
        confidence=fields.share("confidence"),
        emergency_detected=emergency,
        job=fields.job("job"),
        appointment=fields.slot("appointment", free_slots),
        conversation_complete=fields.boolean("conversation_complete"),
        outcome=fields.one_of("outcome", OUTCOMES, default=""),
        summary=fields.text("summary")[:SUMMARY_LIMIT],
        language=fields.one_of("language", LANGUAGES, default=""),
        needs_human=fields.boolean("needs_human", default=False),
    )
    if answer.confidence < LEAST_CONFIDENCE:
        raise DispatcherError(f"its confidence is below {LEAST_CONFIDENCE}", fault=Fault.UNSURE)
    return answer


class _Fields:
    """The fields of one answer, each taken as what it has to be."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._data = data

    def text(self, name: str, *, default: str | None = None) -> str:
        return storable(self._take(name, str, "text", default)).strip()

    def boolean(self, name: str, *, default: bool | None = None) -> bool:
        return bool(self._take(name, bool, "true or false", default))

    def one_of(self, name: str, choices: Sequence[str], *, default: str | None = None) -> str:
        word = self.text(name, default=default)
        if word not in choices:
            raise DispatcherError(f"`{name}` is none of the agreed words")
        return word

    def message(self, name: str) -> str:
        text = self.text(name)
        if not text:
            raise DispatcherError(f"`{name}` is blank")
        if len(text) > MESSAGE_LIMIT:
            raise DispatcherError(f"`{name}` has {len(text)} characters, more than {MESSAGE_LIMIT}")
        return text

    def job_type(self, name: str) -> str:
        word = re.sub(r"[\s-]+", "_", self.text(name).lower())
        if not _JOB_TYPE.fullmatch(word):
            raise DispatcherError(f"`{name}` is not a word like plumbing_drain")
        return word

    def share(self, name: str) -> float:
        number = self._take(name, (int, float), "a number", None)
        if isinstance(number, bool) or not math.isfinite(number) or not 0 <= number <= 1:
            raise DispatcherError(f"`{name}` is not a number from 0 to 1")
        return float(number)

    def job(self, name: str) -> dict[str, str]:
        """Return what is known of the job; numbers become words, unknown values (null) are left out."""
        known = {key: value for key, value in self._take(name, dict, "an object", None).items() if value is not None}
        if len(known) > JOB_FIELDS or not all(isinstance(value, str | int | float) for value in known.values()):
            raise DispatcherError(f"`{name}` is not an object of at most {JOB_FIELDS} texts and numbers")
        return {storable(str(key))[:60]: storable(str(value))[:JOB_VALUE_LIMIT].strip() for key, value in known.items()}

    def slot(self, name: str, free_slots: Sequence[Slot]) -> Slot | None:
        """Return the free slot that the customer chose; None when the field is null."""
        if name in self._data and self._data[name] is None:
            return None
        chosen = self._take(name, dict, "an object or null", None)
        start, end = _moment(name, chosen.get("start")), _moment(name, chosen.get("end"))
        for slot in free_slots:
            if (slot.start, slot.end) == (start, end):
                return slot
        raise DispatcherError(f"`{name}` is not one of the free slots")

    def _take(self, name: str, kind: type | tuple[type, ...], called: str, default: Any) -> Any:
        if name not in self._data:
            if default is None:
                raise DispatcherError(f"`{name}` is missing")
            return default
        value = self._data[name]
        if not isinstance(value, kind):
            raise DispatcherError(f"`{name}` is not {called}")
        return value


def _moment(name: str, value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise DispatcherError(f"`{name}` needs a start and an end, in ISO 8601 with an offset")
    return moment.astimezone(UTC)


def _no_constant(word: str) -> None:
    raise ValueError(f"{word} is not JSON")
