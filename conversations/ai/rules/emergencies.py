"""Danger comes before everything: what to do first, that somebody is being called, and where."""

from conversations.ai.emergency import safety_words
from conversations.ai.rules.questions import answer_questions
from conversations.ai.rules.reply import Reply

_PROBLEM_AT_MOST = 160  # characters
_ASK_AT_MOST = 2  # times that we ask for the address


def answer_emergency(reply: Reply) -> None:
    """Tell what keeps people safe, that somebody is being called, and ask where. No visit is needed for that."""
    reply.emergency, reply.needs_human, reply.confidence = True, True, 0.95
    reply.talk.problem = reply.talk.problem or " ".join(line.body for line in reply.talk.said)[:_PROBLEM_AT_MOST]
    key = "emergency" if reply.talk.has_street else "emergency_street" if reply.talk.address else "emergency_where"
    reply.say(key, safety=safety_words(reply.danger.kind, reply.talk.language))
    if not reply.talk.introduced:
        reply.say("signature")
        reply.introduces = False


def follow_emergency(reply: Reply) -> bool:
    """Go on after an emergency: the address, then patience. False: it is over, and they talk about a visit again."""
    talk, heard = reply.talk, reply.talk.now
    reply.needs_human, reply.confidence = True, 0.8
    if "all_clear" in heard.meant or "cancel" in heard.meant:
        reply.say("emergency_over")
        return not heard.wanted
    if heard.wanted and "arrival" not in heard.meant:
        return False
    reply.say("emergency_address" if "address" in talk.new else "emergency_more")
    if {"price", "hours", "robot"} & heard.meant:
        answer_questions(reply)
    if not talk.has_street and talk.asks["address"] < _ASK_AT_MOST:
        reply.say(_ask_where(reply))
    return True


def _ask_where(reply: Reply) -> str:
    return "ask_street" if reply.talk.address else "ask_address"
