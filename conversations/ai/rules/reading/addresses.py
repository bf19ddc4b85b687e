"""Where the job is: streets with their number in English and Spanish spellings, corners, postal codes, towns."""

import re
from dataclasses import dataclass

READ_AT_MOST = 1_600  # characters


@dataclass(frozen=True, slots=True)
class Address:
    """An address as the customer wrote it, and where. Incomplete: a town, a postal code, a street without a number."""

    text: str
    start: int
    end: int
    complete: bool


_SUFFIX = (
    "street|str|st|avenue|ave|av|road|rd|drive|dr|lane|ln|court|ct|boulevard|blvd|way|place|pl|terrace|ter|circle|cir"
    "|highway|hwy|parkway|pkwy|square|sq|trail|trl|loop|run|row|path|pike|alley|crossing|xing|cove|ridge"
)
# Words that are in no street's name: with one of them between, “3 pm at Main Street” and “2 inch pipe way down” are no
# number and street.
_NOT_STREET = (
    "am|pm|a|an|at|on|in|it|is|its|the|today|tomorrow|tonight|morning|afternoon|evening|minutes?|mins?|hours?|hrs?|hr"
    "|days?|weeks?|months?|years?|inch|inches|feet|ft|foot|gallons?|amps?|volts?|people|bed|bedrooms?|bath|baths"
    "|bathrooms?|toilets?|sinks?|tubs?|showers?|drains?|faucets?|leaks?|heaters?|story|stories|pipes?|outlets?|doors?|floors?|units?|rooms?|miles?|and|or|of|my|your|for|to|with|from"
    "|please|works?|can|you|i|we|would|will|that|than|times|percent|dollars?|bucks|years|old|but|not|no|yes|if|are|was"
    "|good|fine|great|ok|perfect|sounds|thanks|gracias|por|favor|para|hoy|manana|mañana|tarde|noche|horas?|dias?|días?"
    "|oclock|more|less|kids|way|after|before|between|until|then|instead|so|be|do|does|has|have|had"
)
_W = rf"(?!(?:{_NOT_STREET})\b)[^\W\d_][\w'’.-]{{0,24}}"
_WORD = rf"(?:{_W}|\d{{1,3}}(?:st|nd|rd|th)\b)"
_NUMBER = r"(?<![\w$#/:.-])\d{1,6}(?:-\d{1,4})?[a-z]?"
_COMPASS = r"(?:(?:n|s|e|w|ne|nw|se|sw|north|south|east|west)\b\.?\s+)?"
_NOT_TOWN = (
    r"(?:thanks?|thank|please|pls|plz|tomorrow|today|tonight|asap|ok|okay|can|could|my|i|we|it|its|the|this|that|and|or"
    r"|but|at|when|what|how|is|are|need|name|call|monday|tuesday|wednesday|thursday|friday|saturday|sunday|morning"
    r"|afternoon|gracias|porfavor|por|hoy|ma[nñ]ana|lunes|martes|mi[eé]rcoles|jueves|viernes|s[aá]bado|domingo|a|el|la"
    r"|me|mi|se|soy|es|yes|no|si|sí|hi|hello|hola|there|around|after|before|between|anytime|any|gate|code|second|first"
    r"|third|upstairs|downstairs|near|behind|next|across|ring|text|you|apt|unit|cerca|im|ill|if|not|with|for|to)\b"
)
_UNIT = (
    r"(?:[,.]?\s*(?:(?:apt|apartment|unit|suite|ste|floor|bldg|building|lot|apto|apartamento|depto|departamento|int"
    r"|interior|piso|casa)\b\.?\s*#?\s*|#\s*)(?=[\w-]*\d|[a-z]\b)[\w-]{1,6})?"
)
_TOWN = (
    rf"(?:(?:,\s*|\s+in\s+|\s+en\s+)(?!{_NOT_TOWN})(?:"
    rf"(?-i:[A-ZÀ-Ý])[^\W\d_'’.]{{2,20}}(?:\s+(?!{_NOT_TOWN})(?-i:[A-ZÀ-Ý])[^\W\d_'’.]{{1,20}}){{0,2}}"
    r"|[^\W\d_'’.]{3,20}(?=\s*(?:$|[.,;!?\n]|\d{5}\b))))?"
)
_STATE = r"(?:,?\s+(?!(?:AM|PM|AC|TV|OK\s+\w)\b)(?-i:[A-Z]{2})\b(?=\s*(?:$|[.,;!?\n]|\d{5})))?"
_ZIP = r"(?:,?\s+\d{5}(?:-\d{4})?(?!\d))?"
_TAIL = _UNIT + _TOWN + _STATE + _ZIP

_COLONIA = (
    r"(?:,?\s+(?:col(?:onia)?|urb(?:anizaci[oó]n)?|fracc|barrio)\b\.?\s+[^\W\d_]+(?:\s+(?-i:[A-ZÀ-Ý])[^\W\d_]+){0,2})?"
)
_VIA = (
    r"(?:calle|c/|avenida|avda|av|ave|bulevar|boulevard|blvd|calzada|calz|camino|carretera|carr|privada|priv|paseo"
    r"|callej[oó]n|cerrada|pasaje)\b\.?"
)

_COMPLETE = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<!\w){_VIA}\s+(?:(?:{_W}|\d{{1,3}})\s+){{0,4}}?(?:,\s*)?(?:#|n[uú]m(?:ero)?\b\.?|no\b\.?|n[oº°]\.?)?\s*"
        rf"\d{{1,6}}[a-z]?\b(?!\s*(?:de\s|am\b|pm\b|:)){_UNIT}{_COLONIA}{_TAIL}",
        rf"{_NUMBER}\s+{_VIA}\s+(?:(?:{_W}|\d{{1,3}})(?:\s+(?=\w)|\b)){{1,3}}?"
        rf"(?=\s*(?:$|[.,;!?\n#]|apt|apto|en\s|y\s)){_TAIL}",
        rf"{_NUMBER}\s+{_COMPASS}(?:broadway|(?:avenue|ave|highway|hwy|route|rte|county road|cr|fm|state road|sr)\s+"
        rf"(?:[a-z]\b|\d{{1,4}}\b)){_TAIL}",
        rf"{_NUMBER}\s+{_COMPASS}(?:{_WORD}\s+){{1,4}}?(?:{_SUFFIX})\b\.?(?:\s+(?:{_SUFFIX})\b\.?)?"
        rf"(?:\s+(?:n|s|e|w|ne|nw|se|sw)\b)?{_TAIL}",
        rf"\b(?:corner of|esquina de|esquina)\s+{_WORD}(?:\s+{_WORD})?\s+(?:and|&|y|con)\s+(?:la\s+)?{_WORD}"
        rf"(?:\s+(?:{_SUFFIX})\b)?{_TAIL}",
    )
)
_CUE = (
    r"(?:address\s*(?:is|:|-)?|i live (?:at|on)|live at|located at|(?:we are|we're|i am|i'm|im) at|come to"
    r"|vivo en(?: la)?|(?:direcci[oó]n|domicilio)\s*(?:es|:|-)?|estoy en(?: la)?|estamos en(?: la)?)\s+"
)
# After “my address is”, or when we asked for it, a number and words are enough.
_SHORT = re.compile(rf"{_NUMBER}\s+{_COMPASS}(?:{_WORD}(?:\s+|\b)){{1,4}}{_TAIL}", re.IGNORECASE)
_CUED = re.compile(rf"\b{_CUE}(?P<address>{_SHORT.pattern})", re.IGNORECASE)
_PARTIAL = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:on|en la|en)\s+(?P<address>(?:(?-i:[A-ZÀ-Ý])[\w'’-]+\s+){{1,3}}(?:{_SUFFIX})\b\.?{_TAIL})",
        rf"\b(?:live in|located in|(?:we are|we're|i am|i'm|im) in|out in|over in|vivo en|estoy en|estamos en)\s+"
        rf"(?!the\b)(?P<address>(?:(?-i:[A-ZÀ-Ý])[^\W\d_'’]+\s?){{1,3}}{_STATE}{_ZIP})",
        r"(?<![\w$#.,-])(?P<address>(?:(?-i:[A-ZÀ-Ý])[^\W\d_]+\s+){0,2}(?:(?-i:[A-Z]{2})\s+)?\d{5}(?:-\d{4})?)(?![\w-])",
    )
)
_TOWN_ALONE = re.compile(
    r"\W*(?P<address>(?-i:[A-ZÀ-Ý])[^\W\d_]{2,20}(?:\s+(?-i:[A-ZÀ-Ý])[^\W\d_]{1,20}){0,2})\W*", re.IGNORECASE
)
_NO_TOWN_ALONE = re.compile(
    rf"{_NOT_TOWN}|who|why|where|yeah|yep|nope|sure|sorry|later|soon|great|perfect|perfecto|claro", re.IGNORECASE
)


def read_address(text: str, *, asked: bool = False) -> Address | None:
    """Return the last address in `text`, a complete one rather than an incomplete one; None if there is none.

    `asked` means that it answers the question for the address, so that “123 Main” and “Oakdale” are understood too.
    """
    text = text[:READ_AT_MOST]
    for pattern in _COMPLETE:
        for match in reversed(list(pattern.finditer(text))):
            return _address(text, *match.span(), complete=True)
    for match in reversed(list(_CUED.finditer(text))):
        return _address(text, *match.span("address"), complete=True)
    if asked and (short := _SHORT.search(text)):
        return _address(text, *short.span(), complete=True)
    for pattern in _PARTIAL:
        for match in reversed(list(pattern.finditer(text))):
            return _address(text, *match.span("address"), complete=False)
    if asked and (town := _TOWN_ALONE.fullmatch(text)) and not _NO_TOWN_ALONE.match(town["address"]):
        return _address(text, *town.span("address"), complete=False)
    return None


def _address(text: str, start: int, end: int, *, complete: bool) -> Address:
    return Address(text=" ".join(text[start:end].split()).rstrip(" .,;!?"), start=start, end=end, complete=complete)


def is_complete(address: str) -> bool:
    """Tell whether a remembered address has its street and number."""
    found = read_address(address, asked=True)
    return found is not None and found.complete


def joined(known: str, new: Address) -> str:
    """Return what is known after `new`: a street goes before the town that was known, a correction replaces."""
    if not known or not new.complete:
        return new.text if not known or known == new.text else known if is_complete(known) else f"{known}, {new.text}"
    if is_complete(known) or known.casefold() in new.text.casefold():
        return new.text
    return f"{new.text}, {known}"
