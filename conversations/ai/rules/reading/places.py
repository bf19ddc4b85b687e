"""Does a text ask whether we come to some place?"""

import re

from conversations.ai.rules.reading.data import WORDS
from conversations.ai.rules.reading.folding import READ_AT_MOST, fold

_YOU = r"(?:you|u|y['’]?all|they)(?: guys| all| also)?"
_GO = r"(?:come|travel|go|drive|get|make it|head|service|work|do jobs|deliver)(?: (?:out|over|up|down|all the way))*"
_ASKED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:do|can|will|would|could) {_YOU} {_GO} (?:to|in|into|around|near|as far as) (?P<place>.+)",
        rf"\b(?:do|can|will|would|could) {_YOU} (?:service|serve|cover) (?P<place>.+)",
        r"\bare (?:you|u)(?: guys)? (?:in|near|around|close to) (?P<place>.+)",
        r"\bis (?P<place>.{3,60}?) (?:in|within|inside) (?:your|the)(?: service)? (?:area|zone)",
        r"\b(?:what|which) (?:areas?|towns?|cities|places|zip codes?)(?: do)? (?:you|u)",
        r"\b(?:your|the) service area|\bhow far (?:do|will|can) (?:you|u)",
        r"\b(?:vienen?|llegan?|van?|trabajan?|atienden?|dan servicio|cubren?|hay servicio|tienen servicio)(?: ustedes)?"
        r"(?: hasta)? (?:a|en|hasta|al|por)(?: la zona de| la ciudad de)? (?P<place>.+)",
        r"\b(?:qu[eé]|cu[aá]l(?:es)?)(?: es)?(?: su| la)? (?:zonas?|[aá]reas?|ciudades)(?: de servicio)?\b",
    )
)
_WORD = re.compile(r"[A-Za-z0-9À-ÖØ-öø-ɏ'’-]+")
_AT_MOST = 4  # words of a place


def place_asked(text: str) -> str | None:
    """Return the place of which `text` asks whether we come there; blank: none in particular; None: it does not ask."""
    for pattern in _ASKED:
        if match := pattern.search(text[:READ_AT_MOST]):
            said = match.groupdict().get("place")
            if said is None:
                return ""
            first = fold(_first_word(said))
            if first in WORDS["own_place"]:
                return ""
            if first not in WORDS["no_place"] and len(place := _place(said)) > 2:
                return place
    return None


def _place(said: str) -> str:
    """The words up to the first that belongs to no name: “Oakdale” of “Oakdale tomorrow”."""
    place = ""
    for match in list(_WORD.finditer(said))[:_AT_MOST]:
        if fold(match[0]) in WORDS["ends_place"] or re.search(r"[^\w\s'’.-]", said[len(place) : match.start()]):
            break
        place = said[: match.end()]
    return place.strip()[:40]


def _first_word(said: str) -> str:
    match = _WORD.search(said)
    return match[0] if match else ""
