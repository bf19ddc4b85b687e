"""The whole conversation as the rules understand it: what is known of the job, what was offered, what comes now."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from conversations.ai.language import detect_language, requested_language
from conversations.ai.protocol import CUSTOMER, Line, Request
from conversations.ai.rules.heard import Heard, Turn, hear, turns
from conversations.ai.rules.reading import phrases
from conversations.ai.rules.reading.addresses import is_complete, joined
from conversations.ai.rules.reading.folding import words
from conversations.ai.rules.reading.vocabulary import Job, Trade, recognise
from conversations.ai.rules.reading.whens import read_wishes
from conversations.ai.rules.reading.wishes import Wish
from conversations.ai.rules.wording import LANGUAGES

_JOB_AT_MOST = 400  # characters of `problem`; the texts themselves stay in the conversation
_THINGS = frozenset({"address", "name", "when", "problem", "detail"})  # that our texts ask for
_ENOUGH_TO_SWITCH = 4  # words; a “gracias” alone is said in English too


@dataclass(slots=True)
class Talk:
    """What is known. The newest word on a thing counts; what the window no longer holds comes from `Request.job`."""

    language: str
    switched: bool = False  # they just asked for this language
    now: Heard = field(default_factory=lambda: Heard(text=""))
    said: tuple[Line, ...] = ()  # the customer's texts that nobody has answered
    asked: frozenset[str] = frozenset()  # what our last texts asked for
    problem: str = ""
    job: Job | None = None
    foreign: Trade | None = None
    address: str = ""
    name: str = ""
    has_pictures: bool = False
    wanted: tuple[Wish, ...] = ()
    refused: tuple[Wish, ...] = ()
    offered: tuple[datetime, ...] = ()  # local starts, in the order of the offer
    failed: int = 0  # answers in a row that had nothing of what we asked for
    asks: Counter[str] = field(default_factory=Counter)  # how often our texts asked for each thing
    introduced: bool = False
    handed_over: bool = False
    new: frozenset[str] = frozenset()  # what the customer just told: problem, more, address, name, detail

    @property
    def has_street(self) -> bool:
        return bool(self.address) and is_complete(self.address)


def follow(request: Request, zone: ZoneInfo) -> Talk:
    """Read the window, oldest first."""
    job = request.job
    talk = Talk(
        language=_language(request),
        switched=bool(_asked_for(_unanswered(request.messages))),
        problem=job.get("problem", ""),
        address=job.get("address", ""),
        name=job.get("name", "") or request.customer_name,
        introduced=request.introduced,
        has_pictures=bool(job.get("photo")),
    )
    if talk.problem:
        talk.job = recognise(talk.problem, request.business.trade).job
    for number, turn in enumerate(turns(request.messages)):
        _note_ours(talk, turn, is_first=number == 0)
        _offers(talk, turn, zone, is_first=number == 0)
        if turn.lines:
            heard = hear(
                turn,
                asked=talk.asked | ({"problem"} if number == 0 else frozenset()),
                business=request.business,
                zone=zone,
            )
            _take_in(talk, heard)
            talk.said = turn.lines
        else:
            talk.now, talk.said, talk.new = Heard(text=""), (), frozenset()
    return talk


def _language(request: Request) -> str:
    """The one they ask for; else the one they write, unless they asked for the one they are known by; else that."""
    unanswered = _unanswered(request.messages)
    if asked := _asked_for(unanswered):
        return asked
    known = request.language if request.language in LANGUAGES else LANGUAGES[0]
    said = "\n".join(line.body for line in unanswered)
    is_first = all(line.sender_type == CUSTOMER for line in request.messages[1:])
    if _asked_for(request.messages) != known and (is_first or len(words(said)) >= _ENOUGH_TO_SWITCH):
        return detect_language(said) or known
    return known


def _asked_for(lines: Sequence[Line]) -> str:
    """The language that the customer asked for last; blank: for none."""
    asked = (requested_language(line.body) for line in reversed(lines) if line.sender_type == CUSTOMER)
    return next(filter(None, asked), "")


def _unanswered(messages: Sequence[Line]) -> list[Line]:
    found: list[Line] = []
    for line in reversed(messages):
        if line.sender_type != CUSTOMER:
            break
        found.insert(0, line)
    return found


def _note_ours(talk: Talk, turn: Turn, *, is_first: bool) -> None:
    """Take in what we said. The text that answers the missed call is no question that failed."""
    says = turn.asked
    talk.asked = says if says & _THINGS else says | (talk.asked & _THINGS)  # a hand-over leaves a question open
    talk.introduced = talk.introduced or "introduced" in says
    talk.handed_over = "handed_over" in says
    if is_first:
        return
    talk.asks.update(says)
    if talk.job and any(question in line.body for line in turn.before for question in talk.job.question.values()):
        talk.asked |= {"detail"}


def _offers(talk: Talk, turn: Turn, zone: ZoneInfo, *, is_first: bool) -> None:
    """Remember the times that our last text with a question for one named."""
    for line in [] if is_first else turn.before:
        if "when" in phrases.ours(line.body):
            times = [
                wish
                for wish in read_wishes(line.body, line.sent_at, zone)
                if wish.one_day and wish.exact and not wish.refused
            ]
            starts = [datetime.combine(wish.first, wish.begins) for wish in times if wish.first and wish.begins]
            talk.offered = tuple(dict.fromkeys(starts)) or talk.offered


def _take_in(talk: Talk, heard: Heard) -> None:
    new: set[str] = set()
    talk.has_pictures = talk.has_pictures or heard.pictures > 0
    if heard.address:
        before, talk.address = talk.address, joined(talk.address, heard.address)
        new |= {"address"} if talk.address != before or not talk.address else set()
    if heard.name and heard.name != talk.name:
        talk.name = heard.name
        new.add("name")
    if heard.problem:
        new |= _take_problem(talk, heard)
    elif talk.problem and _is_detail(talk, heard):
        _append(talk, heard.text)
        new.add("detail")
    if heard.foreign and not talk.problem:
        talk.foreign = heard.foreign
    if heard.wanted:
        talk.wanted = _with_day(talk, heard.wanted)
        talk.refused = heard.refused
    else:
        talk.refused = (*talk.refused, *heard.refused)
    talk.now = replace(heard, wanted=talk.wanted if heard.wanted else ())
    talk.new = frozenset(new)
    understood = heard.answers or heard.is_question or new - {"detail"} or ("detail" in new and "detail" in talk.asked)
    talk.failed = 0 if understood or not talk.asked else talk.failed + 1


def _take_problem(talk: Talk, heard: Heard) -> set[str]:
    if not talk.problem:
        talk.problem, talk.job, talk.foreign = heard.problem, heard.job, None
        return {"problem"}
    if heard.problem.casefold() in talk.problem.casefold():
        return {"problem"}
    if heard.job and heard.job is not talk.job:
        _append(talk, heard.problem)
        talk.job = talk.job or heard.job
        return {"problem", "more"}
    return set()


def _is_detail(talk: Talk, heard: Heard) -> bool:
    """What they add unasked, such as a gate's code, is kept for the owner too."""
    if heard.is_question or heard.foreign or "all_clear" in heard.meant:
        return False
    told = len(phrases.content(heard.text))
    return told >= (1 if "detail" in talk.asked else 2) and not heard.answers


def _append(talk: Talk, text: str) -> None:
    text = " ".join(text.split())
    if text.casefold() not in talk.problem.casefold() and len(talk.problem) + len(text) + 2 <= _JOB_AT_MOST:
        talk.problem = f"{talk.problem}; {text}" if talk.problem else text


def _with_day(talk: Talk, wanted: tuple[Wish, ...]) -> tuple[Wish, ...]:
    """“At 11”, after we spoke of Friday only, is Friday at 11; “not Friday morning” and then “the afternoon” too."""
    days = {wish.first for wish in talk.now.refused if wish.one_day and wish.has_time}
    if not days and any(wish.one_day for wish in talk.wanted):
        days = {start.date() for start in talk.offered}
    if len(days) == 1:
        day = days.pop()
        return tuple(wish if wish.has_day else replace(wish, first=day, last=day) for wish in wanted)
    return wanted
