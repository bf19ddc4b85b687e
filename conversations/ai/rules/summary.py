"""What the owner reads: the facts of the job, and one or two sentences about it, in the business's language."""

from collections.abc import Mapping

from conversations.ai.protocol import EMERGENCY
from conversations.ai.rules.reply import Reply
from conversations.ai.rules.wording import capitalised, label, owner_text, say_full_slot, say_wish

_WORDS_AT_MOST = 120  # characters of what the customer wrote last


def job_facts(reply: Reply) -> Mapping[str, str]:
    """Return all that is known of the job; what another dispatcher knew stays."""
    talk = reply.talk
    known = {
        "problem": talk.problem,
        "address": talk.address,
        "when": _when(reply),
        "name": talk.name,
        "photo": "yes" if talk.has_pictures else "",
    }
    return {**reply.request.job, **{key: value for key, value in known.items() if value}}


def summarise(reply: Reply) -> str:
    """Return what it is about, then where, when and who."""
    talk, language = reply.talk, reply.request.business.language
    first = []
    if reply.emergency or reply.request.urgency_level == EMERGENCY:
        first.append(owner_text(language, "emergency", problem=talk.problem or _last_words(reply)))
    elif talk.job:
        first.append(owner_text(language, "job", label=capitalised(talk.job.label[language]), problem=talk.problem))
    elif talk.foreign:
        first.append(owner_text(language, "foreign", foreign=talk.foreign.name[language], problem=_last_words(reply)))
    elif talk.problem:
        first.append(owner_text(language, "other", problem=talk.problem))
    else:
        first.append(owner_text(language, "no_problem"))
    first += reply.notes
    if reply.needs_human and not reply.notes and not talk.foreign and _last_words(reply) != talk.problem:
        first.append(owner_text(language, "asks", words=_last_words(reply)))
    return " ".join([*first, capitalised("; ".join(_facts(reply))) + "."])


def _facts(reply: Reply) -> list[str]:
    talk, language, when = reply.talk, reply.request.business.language, _when(reply)
    facts = [
        owner_text(language, "address", address=talk.address) if talk.address else owner_text(language, "no_address")
    ]
    if when:
        booked = reply.start or reply.request.appointment
        facts.append(owner_text(language, "requested" if booked else "wants", when=when))
    elif not reply.emergency:
        facts.append(owner_text(language, "no_when"))
    if talk.name:
        facts.append(owner_text(language, "name", name=talk.name))
    if talk.has_pictures:
        facts.append(owner_text(language, "photo"))
    return facts


def _when(reply: Reply) -> str:
    """The visit's time, else what the customer wants: by date, for it is read on other days."""
    talk, language = reply.talk, reply.request.business.language
    if reply.start:
        return say_full_slot(reply.start, language)
    if visit := reply.request.appointment:
        return say_full_slot(visit.start.astimezone(reply.zone).replace(tzinfo=None), language)
    if talk.wanted:
        return "; ".join(say_wish(wish, language) for wish in talk.wanted[:2])
    for key in ("asap", "flexible"):
        if key in talk.now.meant:
            return label(language, key)
    return ""


def _last_words(reply: Reply) -> str:
    words = " ".join(" ".join(line.body for line in reply.talk.said).split())
    return words if len(words) <= _WORDS_AT_MOST else words[:_WORDS_AT_MOST].rsplit(" ", 1)[0] + "..."
