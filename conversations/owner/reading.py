"""What an owner's text says: whom it is for, and whether it is a command or words for a customer.

Text in, `Reading` out; nothing else is asked. A command is the whole text: with more around it, it is words.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

MOST_MINUTES = 24 * 60


class Command(StrEnum):
    """What an owner can have done from their phone."""

    TAKE = "take"
    AI = "ai"
    DONE = "done"
    QUIET = "quiet"
    LIST = "list"
    HELP = "help"
    # These are commands only while something waits for such an answer; else they are words for the customer.
    YES = "yes"
    NO = "no"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Reading:
    """One text of an owner. `words` are what stands behind the handle, as it was written."""

    handle: int | None
    words: str
    command: Command | None = None
    reason: str = ""  # of a NO
    minutes: int | None = None  # of a QUIET: 0 is off; None: it does not say for how long

    @property
    def only_number(self) -> int | None:
        """The number, if the text is nothing else: it answers our question which customer is meant."""
        if self.handle is not None:
            return None if self.words else self.handle
        return int(self.words) if _NUMBER.fullmatch(self.words) else None


_NUMBER = re.compile(r"[0-9]{1,18}")
# `#12`, `# 12:` or `12: `; a time such as `12:30` is none. 18 digits fit the database's integers.
_HANDLE = re.compile(r"(?:[#＃]\s*([0-9]{1,18})(?![0-9])|([0-9]{1,18})\s*:(?=\s|$))(?:\s*[:,.;–—-](?=\s|$))?\s*")

_WORDS: dict[str, Command] = {
    word: command
    for command, words in {
        Command.TAKE: "take | tomar | tomo",
        Command.AI: "ai | ia",
        Command.DONE: "done | listo | hecho",
        Command.LIST: "list | lista",
        Command.HELP: "help | info | commands | comandos | ayuda | ? | ??",
        Command.YES: "yes | si | sí",
        Command.NO: "no",
        Command.OK: "ok | okay | seen | visto | enterado | recibido | 👍",
    }.items()
    for word in words.split(" | ")
}
_ENDS = " \t\r\n.!¡"
# In capitals, as our texts ask for it: "No, we bring our own" is an answer to the customer.
_NO_BECAUSE = re.compile(r"NO\b[\s,.:;–—-]+(.+)", re.DOTALL)
_KINDLY_NO = re.compile(
    r"(problem|worries|rush|need|thank|gracias|hay|se preocupe|te preocupes|pasa nada)", re.IGNORECASE
)
_QUIET = re.compile(r"(?:quiet|silencio)(?:\s+(.+))?", re.IGNORECASE)
_OFF = frozenset({"off", "end", "no", "fin", "0"})
_TIME = re.compile(r"([0-9]{1,6})\s*(?:(h|hrs?|hours?|horas?)|m|mins?|minutes?|minutos?)", re.IGNORECASE)


def read(text: str) -> Reading:
    """Return what the text says."""
    found = _HANDLE.match(text.strip())
    handle = int(found[1] or found[2]) if found else None
    words = text.strip()[found.end() :] if found else text.strip()
    plain = words.strip(_ENDS).casefold()
    if plain in _WORDS:
        return Reading(handle, words, _WORDS[plain])
    because = _NO_BECAUSE.fullmatch(words)
    if because and not _KINDLY_NO.match(because[1]):
        return Reading(handle, words, Command.NO, reason=because[1].strip())
    quiet = _QUIET.fullmatch(words.strip(_ENDS))
    if quiet:
        return _read_quiet(handle, words, (quiet[1] or "").strip())
    return Reading(handle, words)


def _read_quiet(handle: int | None, words: str, how_long: str) -> Reading:
    """`Quiet 2h` is a command, and so is a `quiet` that does not say for how long; `quiet street` is words."""
    if how_long.casefold() in _OFF:
        return Reading(handle, words, Command.QUIET, minutes=0)
    time = _TIME.fullmatch(how_long)
    if time:
        minutes = int(time[1]) * (60 if time[2] else 1)
        return Reading(handle, words, Command.QUIET, minutes=min(minutes, MOST_MINUTES))
    is_unclear = not how_long or how_long[0].isdigit()
    return Reading(handle, words, Command.QUIET if is_unclear else None)
