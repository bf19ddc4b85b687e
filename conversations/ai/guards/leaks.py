"""Nothing of the inside gets out: no prompt, key, model or setting, and nobody else's number or address."""

import re
from collections.abc import Iterable, Sequence
from functools import cache

from conversations.ai.guards.reading import Sentence, claims, fold
from conversations.ai.llm import prompting
from conversations.ai.protocol import CUSTOMER, Request

_INSIDE = [
    re.compile(pattern)
    for pattern in (
        r"\b(?:system|hidden|initial|developer|secret) (?:prompt|message|instruction)s?\b|\bmy (?:own )?prompt\b",
        r"\b(?:my|the|these|mis|las) (?:\w+ )?(?:instructions|guidelines|rules|instrucciones"
        r"|reglas)\b.{0,30}\b(?:are|say|says|is|tell"
        r"|told|dicen|son|prohiben|to never|not to)\b",
        r"\bi(?:'m| am| was|'ve been| have been) (?:told|instructed|programmed|prompted|configured"
        r"|not allowed) (?:not )?to\b",
        r"\b(?:may|can|must|allowed to) only (?:use|say|name|quote|write|answer)\b|\blisted estimates\b",
        r"\b(?:not )?supposed to (?:tell|say|share|name)\b|\bthe system (?:says|does not let|doesn't let|won't let)\b",
        r"\bme (?:dijeron|ordenaron|programaron) (?:que|para)\b",
        r"\b(?:chat ?gpt|gpt-?\d\w*|openai|anthropic|gemini|language model|llm|dispatchbot|modelo de lenguaje)\b",
        r"\b(?:api|secret|access|private|encryption) ?(?:key|token)s?\b|\bbearer\b|\bpassword\b|\bpasscode is\b"
        r"|\bcontrasena\b",
        r"\b(?:sk|pk|rk|xox[abp]|ghp|gho)[-_][a-z0-9_-]{8,}|\beyj[a-z0-9_-]{10,}|\b(?=[a-f0-9]*\d)[a-f0-9]{24,}\b"
        r"|\bac[a-f0-9]{32}\b",
        r"\b[a-z]+_(?:url|key|token|sid|secret|estimates|slots|customer|type|level|detected|complete|human|settings"
        r"|hours)\b",
        r"\b(?:job_\w+|free_\w+|urgency_\w+|needs_\w+)\b",
    )
]
_URL = re.compile(
    r"\bhttps?://\S+|\bwww\.\S+|\b(?:[a-z0-9-]+\.)+(?:com|net|org|io|co|info|biz|us|app|dev|ly|link|xyz|site|online"
    r"|shop|top|gov|edu"
    r"|store|club|example|gle|me|ru|cn|tk|gl|page|click|live|pro|tech|to|ai|mx|es)\b(?:/\S*)?"
)
_EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    r"(?<![\w$.,/-])(?:\+?\d{1,2}[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-]?)\d{3}[ .-]?\d{4}(?![\w-])"
    r"|(?<![\w$.,/-])\d{3}-\d{4}(?![\w-])"
    r"|\+\d{7,15}\b|\b1?[ -]?8(?:00|33|44|55|66|77|88)[ -][a-z0-9-]{7,}"
)
_YOURS = re.compile(r"\b(?:you|your|su|le|lo|la)\b")
_SHINGLE = 6  # words of a prompt in a row that no answer has by chance


def violations(text: str, parts: Sequence[Sentence], request: Request) -> set[str]:
    """Return the names of the rules that are broken: secret or contact."""
    broken = set()
    if any(claims(sentence, _INSIDE, unless_denied=False) for sentence in parts) or _quotes_prompt(text):
        broken.add("secret")
    if any(_names_stranger(sentence, request) for sentence in parts):
        broken.add("contact")
    return broken


def _quotes_prompt(text: str) -> bool:
    return not _prompt_shingles().isdisjoint(_shingles(text))


@cache
def _prompt_shingles() -> frozenset[str]:
    return frozenset(_shingles(prompting.instructions()))


def _shingles(text: str) -> Iterable[str]:
    words = re.findall(r"[a-z0-9]+", fold(text))
    return (" ".join(words[start : start + _SHINGLE]) for start in range(len(words) - _SHINGLE + 1))


def _names_stranger(sentence: Sentence, request: Request) -> bool:
    """Tell whether `sentence` has an address or a number that is neither the business's nor the customer's own."""
    contacts = [fold(contact) for contact in request.business.contacts]
    sites = {_site(contact) for contact in contacts}
    words = sentence.text
    for email in _EMAIL.findall(words):
        if email not in contacts:
            return True
        words = words.replace(email, " ")
    if any(_site(url) not in sites for url in _URL.findall(words)):
        return True
    ours = {_digits(contact) for contact in contacts}
    theirs = {_digits(request.customer_phone)} | {
        _digits(number)
        for line in request.messages
        if line.sender_type == CUSTOMER
        for number in _PHONE.findall(fold(line.body))
    }
    theirs = theirs if _YOURS.search(words) else set()  # “we call you at …”, not “call …”
    return any(_digits(number) not in ours | theirs for number in _PHONE.findall(words))


def _site(url: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", url).split("/")[0].rstrip(".,;:!?")


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)[-10:]
