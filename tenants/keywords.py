"""The words that carriers and Twilio act upon when they are a whole text, and wishes put in other words.

Twilio itself answers STOP, START and HELP, and with Advanced Opt-Out says so in `OptOutType`; the text reaches us all
the same. https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from tenants.revocation import language_of_revocation

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "UNSTOP"})
YES = "YES"  # opts in again, but only somebody who opted out; to everybody else it is an answer
HELP_WORDS = frozenset({"HELP", "INFO"})

_NOT_LETTERS = re.compile(r"^[\W_]+|[\W_]+$")


class Wish(StrEnum):
    """What a text asks of us as a sender."""

    NONE = ""
    STOP = "stop"  # a keyword, or Twilio says so: no answer from us
    REVOKE = "revoke"  # in their own words: Twilio did not notice, so we confirm
    START = "start"
    YES = "yes"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text wishes. `answered` says that Twilio has answered it already."""

    wish: Wish
    language: str = ""
    answered: bool = False


def read(body: str, *, opt_out_type: str = "") -> Reading:
    """Return what a text asks of us as a sender. `opt_out_type` is Twilio's, and beats the words."""
    if opt_out_type.upper() in {"STOP", "START", "HELP"}:
        return Reading(Wish(opt_out_type.lower()), answered=True)
    word = _NOT_LETTERS.sub("", body).upper() if len(body) <= 100 else ""
    if word in STOP_WORDS:
        return Reading(Wish.STOP)
    if word in START_WORDS:
        return Reading(Wish.START)
    if word in HELP_WORDS:
        return Reading(Wish.HELP)
    if word == YES:
        return Reading(Wish.YES)
    language = language_of_revocation(body)
    return Reading(Wish.NONE) if language is None else Reading(Wish.REVOKE, language)
