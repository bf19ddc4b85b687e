"""Answers to what customers ask on the way, before the conversation goes on where it was."""

from conversations.ai.rules.answers import about_area, about_hours, price_of
from conversations.ai.rules.reading import phrases
from conversations.ai.rules.reading.vocabulary import Trade, trade_of
from conversations.ai.rules.reply import Reply


def answer_questions(reply: Reply) -> bool:
    """Say what there is to say to the customer's questions; return whether there was any."""
    talk, heard, business = reply.talk, reply.talk.now, reply.request.business
    before = len(reply.sentences)
    if "robot" in heard.meant:
        reply.say("program")
    elif "who" in heard.meant and talk.introduced:
        reply.say("who")
    if "picture_offer" in heard.meant:
        reply.say("welcome_picture")
    if "price" in heard.meant:
        _price(reply)
    if "hours" in heard.meant:
        reply.say_this(about_hours(business, heard.about, reply.today, talk.language))
    if heard.place is not None and not (heard.place == "" and talk.address):
        _area(reply)
    if heard.foreign and talk.problem:
        refer(reply, heard.foreign)
    if len(reply.sentences) == before and _is_unknown(reply):
        reply.say("no_answer")
        reply.pass_on()
    return len(reply.sentences) > before


def refer(reply: Reply, foreign: Trade) -> None:
    """Say that this is another trade's work; the business is told, for it may know somebody, or we are mistaken."""
    language, business = reply.talk.language, reply.request.business
    reply.say("refer", foreign=foreign.name[language], trade=trade_of(business.trade).name[language])
    reply.pass_on(0.8)


def _price(reply: Reply) -> None:
    talk = reply.talk
    found = price_of(reply.request.business, talk.now.job or talk.job, talk.now.text, talk.language)
    if found:
        reply.say("price", job=found[0], price=found[1])
    else:
        reply.say("no_price")
        reply.pass_on(0.6)


def _area(reply: Reply) -> None:
    place = reply.talk.now.place or ""
    text, known = about_area(place, reply.request.business, reply.talk.language)
    reply.say_this(text)
    if not known:
        reply.pass_on(0.6)


def _is_unknown(reply: Reply) -> bool:
    """A question of which the rules understand nothing at all."""
    heard = reply.talk.now
    asked = phrases.rest(heard.text, "greeting", "thanks", "yes", "no", "urgent", "asap")
    return heard.is_question and not heard.answers and not reply.talk.new and bool(phrases.content(asked))
