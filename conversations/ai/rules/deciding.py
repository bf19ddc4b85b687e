"""What to say next. The gravest comes first; then what the customer asks; then the next thing that the job needs."""

from conversations.ai.emergency import EMERGENCY as DANGER
from conversations.ai.protocol import EMERGENCY
from conversations.ai.rules.booking import book
from conversations.ai.rules.emergencies import answer_emergency, follow_emergency
from conversations.ai.rules.questions import answer_questions, refer
from conversations.ai.rules.reply import Reply
from conversations.ai.rules.visits import about_visit


def decide(reply: Reply) -> None:
    """Fill in `reply`."""
    talk, request = reply.talk, reply.request
    if reply.danger.level == DANGER:
        answer_emergency(reply)
        return
    if talk.switched:
        reply.say("switched", optional=True)
    if request.urgency_level == EMERGENCY and follow_emergency(reply):
        return
    if _ends_here(reply):
        return
    if request.appointment is not None:
        about_visit(reply)
        return
    if talk.foreign and not talk.problem:
        refer(reply, talk.foreign)
        reply.close("referred")
        return
    book(reply, answered=answer_questions(reply))


def _ends_here(reply: Reply) -> bool:
    """What no rule for a job should see: insults, other people's business, advice that we must not give."""
    meant, knows_job = reply.talk.now.meant, bool(reply.talk.problem)
    if "abuse" in meant:
        reply.say("calm")
        reply.pass_on()
    elif "legal" in meant or "medical" in meant:
        reply.say("legal" if "legal" in meant else "medical")
        reply.pass_on()
    elif "human" in meant and not reply.talk.now.name:
        reply.say("human")
        reply.pass_on(0.8)
        if not knows_job:
            reply.say("human_about")
        return not (knows_job and reply.talk.now.wanted)  # a time that they name beside it is not lost
    elif "billing" in meant and not reply.talk.now.job:
        reply.say("human")
        reply.pass_on(0.8)
    elif reply.request.appointment or (knows_job and "cancel" not in meant):
        return False
    elif "spam" in meant:
        reply.say("spam")
        reply.close("spam")
    elif "wrong_number" in meant:
        reply.say("wrong_number")
        reply.close("resolved")
    elif "cancel" in meant and not reply.talk.now.wanted:
        reply.say("nothing_needed")
        reply.close("resolved")
    else:
        return False
    return True
