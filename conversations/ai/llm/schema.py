"""The shape a model has to answer in: the fields of DispatchBot's answer, as a JSON schema."""

from typing import Any

from conversations.ai.answers import LANGUAGES, OUTCOMES
from conversations.ai.protocol import URGENCY_LEVELS

NAME = "answer_customer"
DESCRIPTION = "The next text to the customer, and what is known of their job."

_SLOT = {
    "type": "object",
    "properties": {"start": {"type": "string"}, "end": {"type": "string"}},
    "required": ["start", "end"],
    "additionalProperties": False,
}
# A strict schema names every key, so the job is a list of pairs on the way and an object in `answers`.
_PAIR = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "value": {"type": "string"}},
    "required": ["name", "value"],
    "additionalProperties": False,
}
_PROPERTIES: dict[str, Any] = {
    "message_to_customer": {"type": "string"},
    "job_type": {"type": "string"},
    "urgency_level": {"type": "string", "enum": list(URGENCY_LEVELS)},
    "emergency_detected": {"type": "boolean"},
    "confidence": {"type": "number"},
    "job": {"type": "array", "items": _PAIR},
    "appointment": {"anyOf": [_SLOT, {"type": "null"}]},
    "conversation_complete": {"type": "boolean"},
    "outcome": {"type": "string", "enum": list(OUTCOMES)},
    "summary": {"type": "string"},
    "language": {"type": "string", "enum": [language for language in LANGUAGES if language]},
    "needs_human": {"type": "boolean"},
}
ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": _PROPERTIES,
    "required": list(_PROPERTIES),
    "additionalProperties": False,
}
