"""What a model answered, brought into the shape of DispatchBot's answer so that one parser reads both."""

from collections.abc import Mapping
from typing import Any

from conversations.ai import answers
from conversations.ai.protocol import Answer, DispatcherError, Request


def from_fields(fields: Mapping[str, Any], request: Request) -> Answer:
    """Return the answer in a model's structured output. Its pairs of the job become one object."""
    job = fields.get("job")
    if isinstance(job, list):
        try:
            job = {pair["name"]: pair["value"] for pair in job}
        except (KeyError, TypeError):
            raise DispatcherError("`job` is not a list of names and values") from None
    return answers.parse({**fields, "job": job}, free_slots=request.free_slots)


def from_text(text: str, request: Request) -> Answer:
    """Return the answer in a model's words: one JSON object, with whatever it said around it."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise DispatcherError("there is no JSON object in the answer")
    return from_fields(answers.read_json(text[start : end + 1]), request)
