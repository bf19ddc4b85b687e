"""What a customer may expect of the product, in as few words as possible. It shares no code with it.

A webhook is answered at once, and what it means takes effect when a worker comes to it: nobody can see in which order.
So the model keeps every *way* in which things may stand with a customer. `work` follows each of them through all that a
worker may have done, and keeps those in which exactly the texts left that did leave. If none is left, a promise is
broken.

Moments are spans (not before, not after), in seconds: a test can only see what happened between two looks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

MINUTE = 60.0  # a person's, before the AI answers first words
DEBOUNCE, BURST = 2.0, 8.0  # the AI answers its own customers that soon, and never later
COOLDOWN = 120.0  # between two text-backs, as the business set it
SLACK = 5.0  # "at the latest" means: in the first work that begins so much later

FOREVER = 1e9
LATE = -1  # the step of what came in any step before
WORTH = {"confirmation": 240.0, "text-back": 600.0}  # after so long it may come too late to be worth sending

Span = tuple[float, float]
SERVICE = ("confirmation", "relay")  # may be sent to or about somebody who is not to be texted
OWNERS = ("owner words", "owner TAKE", "owner AI", "owner DONE")


@dataclass(frozen=True, order=True)
class Coming:
    """A webhook that was answered and has not had its effect. One that is not `sure` may come to nothing yet."""

    what: str
    step: int
    words: str = ""
    sure: bool = True


@dataclass(frozen=True, order=True)
class Leaving:
    """A text that is to leave by then; or, if it is not `sure`, may be canceled as well."""

    what: str
    by: float
    sure: bool = True


@dataclass(frozen=True)
class Way:
    """One way in which things may stand with a customer."""

    holder: str = "absent"  # then nobody, ai, person or over
    from_phone: bool = False  # the person answers by text from the owner's phone
    since: Span | None = None  # when the customer's unanswered words began to wait for the AI
    due: Span | None = None  # when the AI speaks
    unanswered: bool = False
    alarmed: bool = False  # an emergency of which nobody said yet that they know
    texted_back: Span | None = None
    coming: tuple[Coming, ...] = ()
    leaving: tuple[Leaving, ...] = ()

    def is_late(self, now: float) -> bool:
        """Tell whether something should have happened in work that began at `now`, with nothing in its way."""
        late_turn = self.due is not None and self.due[1] + SLACK < now
        late_texts = any(not text.sure or text.by + SLACK < now for text in self.leaving)
        return any(event.sure for event in self.coming) or late_turn or late_texts

    def moved(self, holder: str, **more: object) -> Iterator["Way"]:
        """Everybody but the AI who moves it stops the AI: its timer, and its texts that have not left."""
        kept = tuple(text for text in self.leaving if text.what != "ai")
        after = replace(self, holder=holder, from_phone=False, since=None, due=None, leaving=kept, **more)  # type: ignore[arg-type]
        yield after
        if len(kept) < len(self.leaving):
            yield replace(after, unanswered=True)

    def plus(self, what: str, at: Span) -> "Way":
        return replace(self, leaving=tuple(sorted((*self.leaving, Leaving(what, at[1])))))

    def told_apart(self, step: int) -> "Way":
        """Return it without what makes no difference any more, or there are far too many ways after an outage."""
        coming = (replace(event, step=LATE if event.step < step else step) for event in self.coming)
        kept = (replace(event, words="") if event.what == "missed" and event.sure else event for event in coming)
        return replace(self, coming=tuple(sorted(kept)))


class Customer:
    """All ways in which things may stand with one customer."""

    def __init__(self) -> None:
        self.stopped = self.landline = self.wrote_since_stop = False
        self.ways = {Way()}

    # -- what happens at once ------------------------------------------------------------------------------------------

    def hears(self, what: str, step: int, words: str = "", *, sure: bool = True) -> None:
        """A webhook is answered."""
        if what in {"words", "STOP"}:
            self.wrote_since_stop = what == "words"
        self.ways = {replace(way, coming=(*way.coming, Coming(what, step, words, sure))) for way in self.ways}

    def is_sure(self, words: str) -> None:
        """What may come to nothing yet will not."""
        self.ways = {
            replace(way, coming=tuple(replace(event, sure=event.sure or event.words == words) for event in way.coming))
            for way in self.ways
        }

    def becomes(self, *, stopped: bool | None = None, landline: bool | None = None) -> None:
        """From this moment on nothing leaves, or it may leave again."""
        self.stopped = self.stopped if stopped is None else stopped
        self.landline = self.landline if landline is None else landline
        if not self.may_be_texted:
            # To a landline nothing leaves, be it the confirmation; what is handed on goes to the owner.
            still = ("relay",) if self.landline else SERVICE
            self.ways = {
                replace(way, leaving=tuple(replace(text, sure=text.what in still) for text in way.leaving))
                for way in self.ways
            }

    @property
    def may_be_texted(self) -> bool:
        return not (self.stopped or self.landline)

    def owes(self, what: str, at: Span) -> None:
        self.ways = {way.plus(what, at) for way in self.ways}

    def person(self, does: str, at: Span) -> None:
        """A person of the business does something and is told that it is done."""
        self.ways = {after for way in self.ways for after in self._person(way, does, at)}

    def failed(self, what: str) -> None:
        """A text did not reach them: it answered nothing, and was no text-back."""
        if what == "text-back":
            self.ways = {replace(way, texted_back=None) for way in self.ways}
        else:
            self.ways |= {replace(way, unanswered=True) for way in self.ways}

    def is_in_doubt(self) -> None:
        """A text of the AI left, and the product may not know that it did: then it need not count as an answer."""
        self.ways |= {replace(way, unanswered=True) for way in self.ways}

    # -- what a worker does --------------------------------------------------------------------------------------------

    def work(self, at: Span, step: int, texts: list[str], *, calm: bool) -> None:
        """Keep the ways in which exactly `texts` left during `at`, in this order; if `calm`, nothing due is undone."""
        todo, known, after = [(way.told_apart(step), 0) for way in self.ways], set(), set()
        while todo:
            node = todo.pop()
            if node in known:
                continue
            known.add(node)
            way, left = node
            if left == len(texts) and not (calm and way.is_late(at[0])):
                after.add(way)
            todo += [(next_, left) for next_ in self._steps(way, at)]
            if left < len(texts):
                todo += [(next_, left + 1) for next_ in self._leaves(way, texts[left])]
        assert after, f"nobody promised {texts}, or something was to happen and did not:\n{self}"
        self.ways = after

    def sees(self, holder: str, waits_for_ai: bool) -> None:
        """Keep the ways that look as the product says it is."""
        fit = {way for way in self.ways if (way.holder, way.due is not None) == (holder, waits_for_ai)}
        assert fit, f"the product says {holder}, {'waiting' if waits_for_ai else 'not waiting'} for the AI:\n{self}"
        self.ways = fit

    def _steps(self, way: Way, at: Span) -> Iterator[Way]:
        for event in way.coming:
            rest = replace(way, coming=tuple(other for other in way.coming if other is not event))
            yield from self._takes_effect(rest, event, at, late=event.step == LATE)
        for text in way.leaving:
            if not text.sure or text.by + WORTH.get(text.what, FOREVER) < at[1]:
                yield from self._never_leaves(way, text)
        owner_writes = any(event.what in OWNERS for event in way.coming)
        if way.due is not None and way.due[0] <= at[1] and not owner_writes:
            silent = replace(way, since=None, due=None)
            if self.may_be_texted:
                yield replace(silent, holder="ai", unanswered=False).plus("ai", at)
            else:
                yield silent

    def _leaves(self, way: Way, what: str) -> Iterator[Way]:
        if what == "nobody yet" and way.alarmed and way.holder != "person" and self.may_be_texted:
            yield replace(way, alarmed=False)
        for text in way.leaving:
            theirs = self.may_be_texted or what in SERVICE
            owner_writes = any(event.what in OWNERS for event in way.coming)
            ai_may = what != "ai" or (way.holder == "ai" and not owner_writes)
            if text.what == what and theirs and ai_may:
                yield replace(way, leaving=tuple(other for other in way.leaving if other is not text))

    def _never_leaves(self, way: Way, text: Leaving) -> Iterator[Way]:
        rest = replace(way, leaving=tuple(other for other in way.leaving if other is not text))
        yield replace(rest, texted_back=None) if text.what == "text-back" else rest
        yield replace(rest, unanswered=True)

    def _takes_effect(self, way: Way, event: Coming, at: Span, *, late: bool) -> Iterator[Way]:
        if event.what == "words":
            after = self._words(way, event.words, at)
            yield after
            if late and after.unanswered:  # somebody may have written between their coming and their effect
                yield replace(after, unanswered=False)
        elif event.what == "STOP":
            # A START that was written since makes it as if neither had been; newer words may have been there first.
            ends = self.stopped and way.holder not in {"absent", "over"}
            yield from way.moved("over") if ends else [way]
            if self.wrote_since_stop:
                yield way
        elif event.what == "missed":
            yield from self._missed(way, at)
        elif event.what.startswith("owner"):
            does = {"owner TAKE": "take by phone", "owner AI": "release", "owner DONE": "complete"}
            yield from self._person(way, does.get(event.what, f"reply by phone {event.words}"), at)

    def _words(self, way: Way, words: str, at: Span) -> Way:
        if way.holder == "over":
            if words == "thanks":
                return way
            (way,) = way.moved("nobody", alarmed=False)
        way = replace(way, holder="nobody" if way.holder == "absent" else way.holder, unanswered=True)
        if way.holder == "person":
            alarmed = way.alarmed or words == "emergency"
            return replace(way.plus("relay", at), alarmed=alarmed) if way.from_phone else replace(way, alarmed=alarmed)
        since = way.since or at
        if words == "emergency":
            due, way = at, replace(way, alarmed=True)
        elif way.holder == "ai":
            due = (min(at[0] + DEBOUNCE, since[0] + BURST), min(at[1] + DEBOUNCE, since[1] + BURST))
        else:
            due = (since[0] + MINUTE, since[1] + MINUTE)
        old = way.due or due
        return replace(way, since=since, due=(min(due[0], old[0]), min(due[1], old[1])))

    def _missed(self, way: Way, at: Span) -> Iterator[Way]:
        if not self.may_be_texted:
            yield way
            return
        if way.holder in {"absent", "over"}:
            way = replace(way, holder="nobody", from_phone=False, unanswered=False, alarmed=False)
        since = way.texted_back
        if since is not None and at[0] - since[1] < COOLDOWN:
            yield way
        if since is None or at[1] - since[0] >= COOLDOWN:
            yield replace(way, texted_back=at).plus("text-back", at)

    def _person(self, way: Way, does: str, at: Span) -> Iterator[Way]:
        verb, _, rest = does.partition(" ")
        by_phone = rest.startswith("by phone")
        if verb == "reply" and self.may_be_texted:
            keeps_it = way.holder == "person" and (way.from_phone or not by_phone)
            own = [way] if keeps_it else way.moved("person", unanswered=False)
            for after in own:
                after = replace(
                    after, unanswered=False, alarmed=False, from_phone=by_phone or (keeps_it and way.from_phone)
                )
                yield after.plus(f"reply {does.rpartition(' ')[2]}", at)
        elif verb == "take" and way.holder != "over":
            for after in way.moved("person"):
                yield replace(after, from_phone=by_phone, alarmed=False)
        elif verb == "release" and way.holder == "person":
            for after in way.moved("ai"):
                yield replace(after, since=at, due=at) if after.unanswered else after
        elif verb == "complete" and way.holder != "over":
            yield from way.moved("over")
        else:
            yield way

    def __str__(self) -> str:
        marks = [word for word, is_so in (("stopped", self.stopped), ("landline", self.landline)) if is_so]
        return "\n".join([*marks, *map(str, self.ways)])
