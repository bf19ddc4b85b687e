"""The customer has a visit coming and writes again: thanks, an address, another time, “where are you?”."""

from datetime import datetime

from conversations.ai.rules.choices import Choice, choose
from conversations.ai.rules.offers import nearest, spread, suiting
from conversations.ai.rules.questions import answer_questions, refer
from conversations.ai.rules.reading import phrases
from conversations.ai.rules.reply import Reply
from conversations.ai.rules.wording import say_full_slot, say_slots, say_wish

_SMALL_TALK = ("thanks", "bye", "yes", "greeting")


def about_visit(reply: Reply) -> None:
    """Answer a customer whose visit is requested or confirmed. What changes the visit is the business's to decide."""
    talk, heard = reply.talk, reply.talk.now
    wants_change = "change" in heard.meant or bool(heard.refused) or _is_other_time(reply)
    if "cancel" in heard.meant and not heard.wanted:
        reply.say("visit_cancel", slot=_visit(reply))
        reply.note("cancel")
        reply.pass_on(0.8)
    elif wants_change or _chooses(reply):
        _change(reply)
    elif "appointment" in heard.meant or (heard.wanted and not talk.new):
        reply.say(f"visit_{reply.request.appointment_status or 'requested'}", slot=_visit(reply))
        reply.close("booked")
    elif "arrival" in heard.meant:
        reply.say("visit_arrival")
        reply.pass_on(0.8)
    elif talk.new or heard.pictures:
        reply.say("picture" if heard.pictures and not talk.new else "added")
        answer_questions(reply)
        if "address" in talk.new and not talk.has_street:
            reply.say("ask_street")
        _close_unless_passed_on(reply)
    elif not talk.said or _is_small_talk(heard.text):
        _take_leave(reply)
    elif heard.foreign:
        refer(reply, heard.foreign)
    elif answer_questions(reply):
        _close_unless_passed_on(reply)
    else:
        reply.say("passed_on")
        reply.pass_on()


def _change(reply: Reply) -> None:
    """Request the other time instead; a confirmed visit is the business's to move, for the old time is promised."""
    talk, heard, language = reply.talk, reply.talk.now, reply.talk.language
    choice = choose(
        heard.text, heard.meant, wanted=heard.wanted, refused=heard.refused, offered=talk.offered, free=reply.free
    )
    if choice.start is None:
        _offer_others(reply, choice)
    elif reply.request.appointment_status == "confirmed":
        wanted = say_full_slot(choice.start, language, reply.today)
        reply.say("visit_change_to", slot=_visit(reply), wanted=wanted)
        reply.note("change_to", when=say_full_slot(choice.start, reply.request.business.language))
        reply.pass_on(0.8)
    else:
        reply.start = choice.start
        reply.say("requested_instead", slot=say_full_slot(choice.start, language, reply.today), before=_visit(reply))
        reply.close("booked")


def _offer_others(reply: Reply, choice: Choice) -> None:
    heard, language = reply.talk.now, reply.talk.language
    others = [start for start in reply.free if start != _start(reply)]
    if choice.taken:
        reply.say("not_free", wanted=say_wish(choice.taken, language, reply.today))
        starts = nearest(others, [choice.taken])
    else:
        starts = spread(sorted(choice.among) or suiting(others, heard.wanted, heard.refused) or others)
    if starts:
        reply.say("visit_change", slots=say_slots(starts, reply.today, language))
    else:
        reply.say("visit_change_blank")
    reply.note("change")
    reply.pass_on(0.8)


def _take_leave(reply: Reply) -> None:
    """Thanks are answered once; an address that is still missing is asked for once more."""
    talk = reply.talk
    if not talk.has_street and talk.asks["address"] < 2 and talk.said:
        reply.say("welcome")
        reply.say("ask_street" if talk.address else "ask_address")
    elif not talk.introduced or ("thanks" in talk.now.meant and reply.text("welcome") not in reply.last_text):
        reply.say("welcome")
    reply.close("booked")


def _close_unless_passed_on(reply: Reply) -> None:
    if not reply.needs_human:
        reply.close("booked")


def _is_other_time(reply: Reply) -> bool:
    start = _start(reply)
    return any(wish.has_time and not wish.allows(start) for wish in reply.talk.now.wanted)


def _chooses(reply: Reply) -> bool:
    """They answer our offer of other times."""
    return bool(reply.talk.offered) and "when" in reply.talk.asked and not reply.talk.new


def _is_small_talk(text: str) -> bool:
    says_nothing = not phrases.rest(text, *_SMALL_TALK).strip(" .,!")
    return says_nothing or (
        not phrases.content(text) and bool(phrases.intents(text) & set(_SMALL_TALK)) and "?" not in text
    )


def _start(reply: Reply) -> datetime:
    assert reply.request.appointment is not None, "only asked about a visit that there is"
    return reply.request.appointment.start.astimezone(reply.zone).replace(tzinfo=None)


def _visit(reply: Reply) -> str:
    return say_full_slot(_start(reply), reply.talk.language, reply.today)
