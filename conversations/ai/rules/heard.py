"""What a customer says in one go: their texts between two of ours, read for everything the rules know."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from conversations.ai.protocol import CUSTOMER, Business, Line
from conversations.ai.rules.reading import phrases
from conversations.ai.rules.reading.addresses import Address, read_address
from conversations.ai.rules.reading.data import WORDS
from conversations.ai.rules.reading.folding import READ_AT_MOST, fold, words
from conversations.ai.rules.reading.names import read_name
from conversations.ai.rules.reading.places import place_asked
from conversations.ai.rules.reading.vocabulary import Job, Recognised, Trade, recognise
from conversations.ai.rules.reading.whens import read_wishes
from conversations.ai.rules.reading.wishes import Wish

_PROBLEM_AT_MOST = 160  # characters

_ASKS = re.compile(
    r"(?:\W*(?:hi|hello|hey|ok|okay|also|and|so|yes|no|but|hola|y|si|buen[oa]s|dias|tardes)\b)*\W*(?:do|does|did|can"
    r"|could|will|would|is|are|what|whats|how|where|who|why|which|have|has|aceptan|tienen|puedo|hacen|dan|son|cobran)\b"
)


@dataclass(frozen=True, slots=True)
class Turn:
    """Our texts, then the customer's that answer them; either may be missing."""

    before: tuple[Line, ...]
    lines: tuple[Line, ...]

    @property
    def asked(self) -> frozenset[str]:
        return frozenset().union(*(phrases.ours(line.body) for line in self.before))


@dataclass(frozen=True, slots=True)
class Heard:
    """What a turn of the customer's says."""

    text: str  # their words without the address
    meant: frozenset[str] = frozenset()
    wanted: tuple[Wish, ...] = ()
    refused: tuple[Wish, ...] = ()
    address: Address | None = None
    name: str = ""
    job: Job | None = None
    foreign: Trade | None = None
    problem: str = ""  # the words that say what is to be done
    about: tuple[Wish, ...] = ()  # the days of which they ask whether we are open
    place: str | None = None  # the place of which they ask whether we come there; blank: none in particular
    pictures: int = 0
    files: int = 0

    @property
    def answers(self) -> bool:
        """They say or ask something that the rules understand."""
        slots = (self.wanted, self.refused, self.address, self.name, self.problem, self.foreign)
        return (
            any(slots)
            or self.pictures + self.files > 0
            or self.place is not None
            or bool(self.meant & WORDS["understood"])
        )

    @property
    def is_question(self) -> bool:
        return "?" in self.text or any(_ASKS.match(fold(line)) for line in self.text.split("\n"))


def turns(messages: Sequence[Line]) -> Iterator[Turn]:
    """Cut the conversation into turns. The last one has no lines where nothing of the customer's is unanswered."""
    before: list[Line] = []
    lines: list[Line] = []
    for line in messages:
        if line.sender_type == CUSTOMER:
            lines.append(line)
            continue
        if lines:
            yield Turn(tuple(before), tuple(lines))
            before, lines = [], []
        before.append(line)
    yield Turn(tuple(before), tuple(lines))


@dataclass(slots=True)
class _Parts:
    """What is cut out of single texts, and the rest of them."""

    bodies: list[str]
    wishes: list[Wish]
    address: Address | None = None
    name: str = ""


def hear(turn: Turn, *, asked: frozenset[str], business: Business, zone: ZoneInfo) -> Heard:
    """Return what the customer says in `turn`, where we had `asked` for something."""
    parts = _parts(turn, asked, business, zone)
    text = "\n".join(parts.bodies)
    meant = phrases.intents(text)
    seen = recognise(text, business.trade)
    wanted = tuple(wish for wish in parts.wishes if not wish.refused)
    media = [kind for line in turn.lines for kind in line.media]
    pictures = sum(kind.startswith(("image/", "video/")) for kind in media)
    heard = Heard(
        text=text,
        meant=meant,
        wanted=() if "hours" in meant else wanted,
        about=wanted if "hours" in meant else (),
        refused=tuple(wish for wish in parts.wishes if wish.refused),
        address=parts.address,
        name=parts.name,
        job=seen.job,
        foreign=seen.foreign,
        place=_place(text, business),
        pictures=pictures,
        files=len(media) - pictures,
    )
    return replace(heard, problem=_problem(heard, turn, asked, business))


def _parts(turn: Turn, asked: frozenset[str], business: Business, zone: ZoneInfo) -> _Parts:
    """Read text by text: the address first, so that its number is no hour, then times, then the name."""
    parts = _Parts(bodies=[], wishes=[])
    for line in turn.lines:
        body = line.body[:READ_AT_MOST]
        if found := read_address(body, asked="address" in asked) or _town(body, asked, business):
            body = f"{body[: found.start]} . {body[found.end :]}"
            if "name" in asked:
                found, parts.name = _without_name(found, parts.name, business)
            parts.address = found if found.complete or parts.address is None else parts.address
        wishes = read_wishes(body, line.sent_at, zone)
        may_be_name = "name" in asked and not wishes and _may_be_name(body)
        parts.name = read_name(body.strip(" .,\n"), asked=may_be_name) or parts.name
        parts.wishes = _continued(parts.wishes, wishes)
        parts.bodies.append(body)
    return parts


def _place(text: str, business: Business) -> str | None:
    """The place of which they ask; “do you service heat pumps?” asks of none."""
    place = place_asked(text)
    return None if place and recognise(place, business.trade) != Recognised() else place


def _town(body: str, asked: frozenset[str], business: Business) -> Address | None:
    """A town of the service area, in whatever letters."""
    town = " ".join(words(body))
    if "address" in asked and len(town) > 3 and f" {town} " in f" {' '.join(words(business.service_area))} ":
        return Address(text=body.strip(" .,!").title(), start=0, end=len(body), complete=False)
    return None


def _without_name(found: Address, known: str, business: Business) -> tuple[Address, str]:
    """“123 Main St, Maria” answers the question for address and name: what is no town of ours is the name."""
    street, comma, last = found.text.rpartition(",")
    name = read_name(last, asked=True)
    if not comma or not name or f" {fold(last)} " in f" {fold(business.service_area)} ":
        return found, known
    return replace(found, text=street.strip()), name


def _problem(heard: Heard, turn: Turn, asked: frozenset[str], business: Business) -> str:
    """The words that name the job; words that we do not know count where we asked what is needed."""
    bodies = [line.body for line in turn.lines]
    if heard.job:
        named = [body for body in bodies if recognise(body, business.trade).job]
        return _clean(named or bodies)
    if heard.foreign or "problem" not in asked or heard.meant & WORDS["asks_for_no_work"] or heard.place is not None:
        return ""
    if heard.is_question and "job_inquiry" not in heard.meant:
        return ""
    known = {*words(business.name), *words(business.trade), *words(heard.name)}
    telling = [body for body in bodies if any(word not in known for word in phrases.content(body))]
    return _clean(telling) if sum(word not in known for word in phrases.content(heard.text)) >= 2 else ""


def _clean(bodies: Sequence[str]) -> str:
    text = " ".join(" ".join(bodies).split()).strip(' .,;"“”')
    return text if len(text) <= _PROBLEM_AT_MOST else text[:_PROBLEM_AT_MOST].rsplit(" ", 1)[0] + "..."


def _may_be_name(body: str) -> bool:
    return "?" not in body and not phrases.intents(body) - {"thanks", "greeting", "yes"}


def _continued(before: list[Wish], new: Sequence[Wish]) -> list[Wish]:
    """A later text corrects an earlier one; but “tomorrow” and then “around 3” are one wish, and a refusal stays."""
    wanted = [wish for wish in new if not wish.refused]
    if not wanted:
        return [*before, *new]
    days = [wish for wish in before if not wish.refused and wish.has_day]
    if len(days) == 1:
        new = [wish if wish.has_day else wish.on(days[0]) for wish in new]
    return [*(wish for wish in before if wish.refused), *new]
