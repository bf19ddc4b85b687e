"""From a problem to a requested visit: ask what is missing, one or two things at a time, and offer what is free."""

from datetime import datetime

from conversations.ai.protocol import CUSTOMER
from conversations.ai.rules.choices import Choice, choose
from conversations.ai.rules.offers import nearest, soonest, spread, suiting
from conversations.ai.rules.reading.vocabulary import trade_of
from conversations.ai.rules.reading.wishes import Wish
from conversations.ai.rules.reply import Reply
from conversations.ai.rules.wording import capitalised, clock_time, say_full_slot, say_slots, say_wish

_TRIES = 2  # answers without what we asked for; then a person helps


def book(reply: Reply, *, answered: bool) -> None:
    """Take the next step towards a visit. `answered`: a question of theirs was, so that they are not lost."""
    _acknowledge(reply)
    if not reply.talk.problem:
        _ask_problem(reply, answered=answered)
        return
    reply.confidence = min(reply.confidence, 0.9 if reply.talk.job else 0.6)
    choice = _choice(reply)
    if choice.start is not None:
        _request_visit(reply, choice.start)
    elif not reply.free:
        _without_times(reply)
    elif reply.talk.failed >= _TRIES:
        _hand_over(reply, "hand_over_when")
    else:
        _offer(reply, choice)


def _acknowledge(reply: Reply) -> None:
    talk, language = reply.talk, reply.talk.language
    if "name" in talk.new:
        reply.say("thanks_name", optional=True, name=talk.name)
    if talk.now.pictures:
        reply.say("picture")
    elif talk.now.files:
        reply.say("file")
    if "more" in talk.new or "detail" in talk.new:
        reply.say("added", optional=True)
    elif "problem" in talk.new and talk.job and not _has_said(reply, talk.job.label[language]):
        trade = trade_of(talk.job.trade).name[language]
        reply.say("understood", label=talk.job.label[language], trade=trade)
    elif "problem" in talk.new and not talk.job:
        reply.say("noted")


def _has_said(reply: Reply, words: str) -> bool:
    return any(words in line.body for line in reply.request.messages if line.sender_type != CUSTOMER)


def _ask_problem(reply: Reply, *, answered: bool) -> None:
    if reply.talk.asks["problem"] >= _TRIES:
        if not answered:
            _hand_over(reply, "hand_over")
        return
    reply.confidence = min(reply.confidence, 0.6)
    reply.say("ask_problem_again" if reply.talk.asks["problem"] and not answered else "ask_problem")


def _hand_over(reply: Reply, key: str) -> None:
    """Say that a person will help; said before, only that this was passed on too."""
    reply.say("passed_on" if reply.talk.handed_over else key)
    reply.pass_on()


def _choice(reply: Reply) -> Choice:
    """What they chose now; or the time they named before we knew the problem."""
    talk = reply.talk
    wanted = talk.now.wanted or (() if talk.offered else talk.wanted)
    return choose(
        talk.now.text, talk.now.meant, wanted=wanted, refused=talk.refused, offered=talk.offered, free=reply.free
    )


def _request_visit(reply: Reply, start: datetime) -> None:
    """Request the visit. What is still missing is asked for, but holds up nothing: the owner confirms anyway."""
    talk, language = reply.talk, reply.talk.language
    reply.start = start
    reply.say("requested", slot=say_full_slot(start, language, reply.today))
    missing = "" if talk.has_street else "street" if talk.address else "address"
    name = "" if talk.name else "name"
    if missing or name:
        reply.say("_".join(part for part in ("ask", missing, name) if part))
    elif talk.job and talk.job.question and not _has_said(reply, talk.job.question[language]):
        reply.say_this(talk.job.question[language])
    reply.close("booked")


def _without_times(reply: Reply) -> None:
    """Nothing is free: the business arranges it, and is told which days suit."""
    talk = reply.talk
    if talk.handed_over or talk.failed >= _TRIES:
        _hand_over(reply, "hand_over_when")
        return
    reply.say("no_times")
    if not talk.wanted and not talk.now.meant & {"asap", "flexible"}:
        reply.say("ask_days")
    if not talk.has_street and talk.asks["address"] < _TRIES:
        reply.say("ask_street" if talk.address else "ask_address")
    reply.pass_on()


def _offer(reply: Reply, choice: Choice) -> None:
    starts, key = _what_to_offer(reply, choice)
    talk = reply.talk
    if not starts:
        reply.say("ask_days")
        return
    slots = say_slots(starts, reply.today, talk.language)
    one = len(starts) == 1
    if key == "which_one" and not one:
        reply.say("which_one", slots=slots)
        return
    where = "" if talk.has_street or talk.asks["address"] >= _TRIES else "_street" if talk.address else "_address"
    reply.say(("offer_one" if one else "offer") + where, slots=capitalised(slots) if one else slots)


def _what_to_offer(reply: Reply, choice: Choice) -> tuple[list[datetime], str]:
    """Return the starts to offer, and whether they are a question which of them was meant."""
    talk, meant, free = reply.talk, reply.talk.now.meant, list(reply.free)
    offered = [start for start in talk.offered if start in reply.free]
    left = suiting(free, (), talk.refused)
    if choice.among:
        return spread(sorted(choice.among)), "which_one" if set(choice.among) & set(offered) else ""
    if choice.taken:
        return _instead(reply, (choice.taken,)), ""
    if offered and ("none_of_these" in meant or _is_plain_no(reply)):
        return spread([start for start in left if start not in offered]), ""
    if offered and meant & {"earlier", "later"} and not talk.now.wanted:
        beyond = [s for s in left if s < offered[0]] if "earlier" in meant else [s for s in left if s > offered[-1]]
        if not beyond:
            reply.say("nothing_earlier" if "earlier" in meant else "nothing_later")
        return spread(beyond or left), ""
    wanted = talk.now.wanted or (() if offered else talk.wanted)
    if wanted and not (fitting := suiting(free, wanted, talk.refused)):
        return _instead(reply, wanted), ""
    if wanted:
        left = fitting
    elif offered and not talk.refused:
        return offered, "which_one" if "yes" in meant and not talk.now.answers else ""
    return (soonest(left) if meant & {"asap", "urgent"} else spread(left)), ""


def _is_plain_no(reply: Reply) -> bool:
    heard = reply.talk.now
    return "no" in heard.meant and "yes" not in heard.meant and not heard.answers


def _instead(reply: Reply, wanted: tuple[Wish, ...]) -> list[datetime]:
    """Say that the wanted time is not free; return what is nearest to it."""
    wish, language = wanted[0], reply.talk.language
    if not wish.has_day and wish.exact and wish.begins:
        said = clock_time(wish.begins, language)
    else:
        said = say_wish(wish, language, reply.today)
    reply.say("not_free", wanted=capitalised(said))
    return nearest(suiting(reply.free, (), reply.talk.refused), wanted)
