"""What is going to be answered, while it is put together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from conversations.ai.emergency import Assessment
from conversations.ai.protocol import CUSTOMER, Request, Slot
from conversations.ai.rules.danger import assess_all
from conversations.ai.rules.offers import by_start
from conversations.ai.rules.talk import Talk
from conversations.ai.rules.wording import owner_text, say

AT_MOST = 320  # characters that a text should have; what may be left out is, from the end


@dataclass(slots=True)
class Reply:
    """The answer to one request: its sentences in order, and what follows from them."""

    request: Request
    talk: Talk
    zone: ZoneInfo
    free: Mapping[datetime, Slot] = field(init=False)
    today: date = field(init=False)
    sentences: list[tuple[str, bool]] = field(default_factory=list)
    start: datetime | None = None  # the start that the customer chose
    complete: bool = False
    outcome: str = ""
    needs_human: bool = False
    emergency: bool = False
    introduces: bool = field(init=False)  # the text begins with who writes it
    danger: Assessment = field(init=False)
    confidence: float = 0.7
    notes: list[str] = field(default_factory=list)  # what the owner reads besides

    def __post_init__(self) -> None:
        self.free = by_start(self.request.free_slots, self.request.now, self.zone)
        self.introduces = not self.talk.introduced
        self.danger = assess_all(self.talk.said, self.request.business.trade)
        self.today = self.request.now.astimezone(self.zone).date()

    def say(self, key: str, *, optional: bool = False, **values: str) -> None:
        self.sentences.append((self.text(key, **values), optional))

    def say_this(self, text: str) -> None:
        self.sentences.append((text, False))

    def text(self, key: str, **values: str) -> str:
        return say(self.talk.language, key, business=self.request.business.name, **values)

    @property
    def last_text(self) -> str:
        """What we said last."""
        ours = [line.body for line in self.request.messages if line.sender_type != CUSTOMER]
        return ours[-1] if ours else ""

    def note(self, key: str, **values: str) -> None:
        """Add what the owner should read."""
        self.notes.append(owner_text(self.request.business.language, key, **values))

    def close(self, outcome: str) -> None:
        self.complete, self.outcome, self.confidence = True, outcome, 0.9

    def pass_on(self, confidence: float = 0.5) -> None:
        self.needs_human, self.confidence = True, min(self.confidence, confidence)

    def message(self) -> str:
        """The sentences as one text, which says once in a conversation who writes it; blank: nothing to say.

        What is optional is left out, the last first, where it would be too long.
        """
        kept = list(self.sentences)
        if kept and self.introduces:
            kept.insert(0, (self.text("intro"), False))
        while len(_joined(kept)) > AT_MOST and any(optional for _, optional in kept):
            place = max(place for place, (_, optional) in enumerate(kept) if optional)
            del kept[place]
        return _joined(kept)


def _joined(sentences: list[tuple[str, bool]]) -> str:
    return " ".join(text for text, _ in sentences if text)
