"""Texts that a phone sends by itself. Handed on they would reach a customer, and two machines could talk for ever."""

import re
from collections.abc import Iterable

LEAST_QUOTED = 8  # characters; less may be a coincidence

# What phones answer by themselves while somebody drives (iPhone, Android Auto), in full. "I'm driving, there in ten
# minutes" is a person's.
_DRIVING = (
    r"(i'?m|i am) (currently )?driving( right now| at the moment)?(\W*| with (do not disturb|(driving )?focus)\b.*"
    r"|\W+i'?ll see your message .*)",
    r"(i'?m|i am) not receiving notifications\b.*",
    r"(estoy|voy) (conduciendo|manejando|al volante)( ahora| ahora mismo| en este momento)?"
    r"(\W*| con .{0,40}(no molestar|concentraci[oó]n|enfoque)\b.*|\W+ver[eé] (tu|su) mensaje .*)",
    r"(no estoy recibiendo|no recibo) notificaciones\b.*",
    r"(automatic|auto)[ -]?(reply|response|message)\b.*",
    r"(respuesta|mensaje) autom[aá]tic[oa]\b.*",
)
# These may be a person's own words, so the owner is told that they were not handed on.
_NOTICES = (
    r"(i'?m|i am) (currently )?driving( right now)?\W+(i'?ll|i will) (call|text|reply|respond|get back)\D*",
    r"(.{1,60}[.!] )?(i'?m|i am|we'?re|we are) (currently |now )?(out of (the |my |our )?office|on vacation)\b.*",
    r"(estoy|voy) (conduciendo|manejando)( ahora)?\W+(te|le) (llamo|llamar[eé]|contesto|contestar[eé]|escribo)\D*",
    r"(.{1,60}[.!] )?(estoy|estamos) (ahora )?(fuera de (la |mi |nuestra )?oficina|de vacaciones)\b.*",
)
_IS_DRIVING = re.compile("|".join(_DRIVING), re.DOTALL)
_IS_NOTICE = re.compile("|".join(_NOTICES), re.DOTALL)
_QUOTE = re.compile(r"[^\"“«\n]{1,40}[\"“«](.+?)(?:…|\.\.\.)?[\"”»]?", re.DOTALL)


def is_from_a_driver(text: str) -> bool:
    """Tell whether a phone wrote this while its owner drives, or says itself that nobody did."""
    return _IS_DRIVING.fullmatch(_plain(text)) is not None


def may_be_a_notice(text: str) -> bool:
    """Tell whether this reads like a notice that somebody is away."""
    return _IS_NOTICE.fullmatch(_plain(text)) is not None


def repeats_us(text: str, ours: Iterable[str]) -> bool:
    """Tell whether the text is one of `ours`, or a reaction to it, which phones send as `Liked “our words”`."""
    said = _plain(text)
    quote = _QUOTE.fullmatch(text.strip())
    quoted = _plain(quote[1]) if quote else ""
    return any(said == body or (len(quoted) >= LEAST_QUOTED and body.startswith(quoted)) for body in map(_plain, ours))


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())
