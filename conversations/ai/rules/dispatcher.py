"""The dispatcher that ships with us: no network, no model, no chance in it."""

from zoneinfo import ZoneInfo

from conversations.ai.emergency import URGENT as DANGER_URGENT
from conversations.ai.protocol import EMERGENCY, LOW, NORMAL, URGENCY_LEVELS, URGENT, Answer, Request
from conversations.ai.rules.deciding import decide
from conversations.ai.rules.reading.vocabulary import other_type, trade_of
from conversations.ai.rules.reply import Reply
from conversations.ai.rules.summary import job_facts, summarise
from conversations.ai.rules.talk import follow


class RulesDispatcher:
    """Fills the slots of a job (what, where, when, who) by word lists and grammars, in English and Spanish.

    The same request has the same answer, in milliseconds; it looks at no clock but `Request.now` and never raises
    `DispatcherError`. It names no price that is not in the business's estimates and asks for no visit but in a free
    slot. What it does not understand it hands to a person.
    """

    name = "rules"

    def answer(self, request: Request, *, deadline: float) -> Answer:
        """Return the answer; `deadline` is never near."""
        zone = ZoneInfo(request.business.timezone)
        reply = Reply(request, follow(request, zone), zone)
        decide(reply)
        return Answer(
            message_to_customer=reply.message(),
            job_type=_job_type(reply),
            urgency_level=_urgency(reply),
            confidence=reply.confidence,
            emergency_detected=reply.emergency,
            job=job_facts(reply),
            appointment=reply.free[reply.start] if reply.start else None,
            conversation_complete=reply.complete,
            outcome=reply.outcome,
            summary=summarise(reply),
            language=reply.talk.language,
            needs_human=reply.needs_human,
        )


def _job_type(reply: Reply) -> str:
    request, talk = reply.request, reply.talk
    if reply.emergency or request.urgency_level == EMERGENCY:
        return f"{trade_of(request.business.trade).key}_emergency"
    if talk.job:
        return talk.job.type
    return other_type(request.business.trade) if talk.problem else ""


def _urgency(reply: Reply) -> str:
    """The urgency of the job, raised or lowered by what the customer says; never below what it already was."""
    meant, job = reply.talk.now.meant, reply.talk.job
    level = job.urgency if job else NORMAL
    if "no_rush" in meant:
        level = LOW if level in (LOW, NORMAL) else NORMAL
    elif meant & {"asap", "urgent"} or reply.danger.level == DANGER_URGENT:
        level = URGENT
    if reply.emergency:
        level = EMERGENCY
    before = reply.request.urgency_level if reply.request.urgency_level in (EMERGENCY, URGENT) else LOW
    return min(level, before, key=URGENCY_LEVELS.index)
