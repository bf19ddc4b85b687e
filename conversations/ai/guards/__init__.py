"""What every text of a dispatcher goes through before it may leave. docs/dispatchers.md lists the rules."""

import re
from dataclasses import dataclass

from conversations.ai.answers import MESSAGE_LIMIT
from conversations.ai.guards import advice, leaks, numbers, persona, prices, promises, repair, tongue, wording
from conversations.ai.guards.reading import sentences
from conversations.ai.protocol import Answer, Request


@dataclass(frozen=True, slots=True)
class Guarded:
    """A text that may leave if `violations` is empty. Else those are the broken rules, and the text is not used."""

    text: str
    violations: tuple[str, ...]


def check(answer: Answer, request: Request) -> Guarded:
    """Return the text of `answer` put right where that is safe, and the rules that it breaks.

    Put right are signs, length, and the one sentence that says that a machine writes. An emergency's text is never
    shortened: its safety words are all needed. A blank text, of a dispatcher that has nothing to say, stays blank.
    """
    text = repair.tidy(answer.message_to_customer)
    if not text:
        return Guarded("", ())
    broken = violations(text, answer, request)
    text = repair.introduce(text, request, answer.language or request.language)
    if not answer.emergency_detected:
        text = repair.shorten(text)
    if len(text) > MESSAGE_LIMIT:
        broken.add("length")
    return Guarded(text, tuple(sorted(broken)))


def violations(text: str, answer: Answer, request: Request) -> set[str]:
    """Return the names of the rules that `text` breaks. The business's own name breaks none, whatever it is."""
    text = re.sub(rf"(?<!\w){re.escape(request.business.name)}(?!\w)", "us", text) if request.business.name else text
    parts = sentences(text)
    return (
        wording.violations(parts)
        | advice.violations(parts)
        | persona.violations(parts)
        | numbers.violations(parts, request)
        | prices.violations(parts, request)
        | promises.violations(parts, answer, request)
        | leaks.violations(text, parts, request)
        | tongue.violations(text, answer, request)
    )
