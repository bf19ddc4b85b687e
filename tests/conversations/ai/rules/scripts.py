"""Conversations written down as people read them, and played.

A script of `scripts/*.txt` begins with `# its name`, and may say `@ trade=hvac name=CoolAir language=es` or
`@ free=2026-03-05 09:00, 2026-03-05 14:00`. A line with `>` is a text of the customer's, with `+` one more at once.
A line with `<` is what the answer must have: words of the text, `!` before words that it must not have, or facts
such as `[type=plumbing_drain; slot=2026-03-04T15:00; outcome=booked; complete; human; emergency; silent]`.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path

from conversations.ai.protocol import Answer
from tests.conversations.ai.rules.chat import ACME, Chat

FOLDER = Path(__file__).with_name("scripts")


@dataclass
class Turn:
    texts: list[str]
    expected: list[str] = field(default_factory=list)


@dataclass
class Script:
    name: str
    chat: Chat = field(default_factory=Chat)
    turns: list[Turn] = field(default_factory=list)


def load() -> list[Script]:
    scripts: list[Script] = []
    for path in sorted(FOLDER.glob("*.txt")):
        for line in path.read_text("utf-8").splitlines():
            sign, _, rest = line.partition(" ")
            if sign == "#":
                scripts.append(Script(f"{path.stem}: {rest}"))
            elif sign == "@":
                scripts[-1].chat = _chat(scripts[-1].chat, rest)
            elif sign == ">":
                scripts[-1].turns.append(Turn([rest]))
            elif sign == "+":
                scripts[-1].turns[-1].texts.append(rest)
            elif sign == "<":
                scripts[-1].turns[-1].expected.append(rest)
    return scripts


def _chat(chat: Chat, words: str) -> Chat:
    if words.startswith("free="):
        free = tuple(start.strip() for start in words.removeprefix("free=").split(",") if start.strip())
        return Chat(business=chat.business, language=chat.language, free=free)
    given = dict(word.split("=", 1) for word in words.split())
    now = given.pop("now", "2026-03-04T10:20").replace("T", " ")
    customer, visit = given.pop("customer", ""), given.pop("visit", "requested")
    business = replace(ACME, **given)
    return Chat(
        business=business, language=business.language, free=chat.free, now=now, customer_name=customer, visit=visit
    )


def check(answer: Answer, expected: str) -> None:
    """Raise AssertionError unless the answer is what a line after `<` says."""
    text, _, facts = expected.partition("[")
    for words in filter(None, (part.strip() for part in text.split(" | "))):
        if words.startswith("!"):
            assert words[1:] not in answer.message_to_customer
        else:
            assert words in answer.message_to_customer
    for fact in filter(None, facts.removesuffix("]").split("; ")):
        name, _, value = fact.partition("=")
        assert _fact(answer, name) == (value or True), f"{name}: {answer}"


def _fact(answer: Answer, name: str) -> object:
    facts = {
        "type": answer.job_type or True,
        "slot": f"{answer.appointment.start:%Y-%m-%dT%H:%M}" if answer.appointment else True,
        "outcome": answer.outcome or True,
        "urgency": answer.urgency_level,
        "complete": answer.conversation_complete,
        "open": not answer.conversation_complete,
        "human": answer.needs_human,
        "alone": not answer.needs_human,
        "emergency": answer.emergency_detected,
        "silent": not answer.message_to_customer,
        "language": answer.language,
        **{key: answer.job.get(key, "") for key in ("problem", "address", "when", "name", "photo")},
    }
    return facts[name]
