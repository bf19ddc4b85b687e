"""Is a text in the customer's language?"""

import re
import unicodedata
from itertools import dropwhile, takewhile

from conversations.ai.language import detect_language, requested_language
from conversations.ai.protocol import CUSTOMER, Answer, Request

# Words that neither English nor Spanish has, of the languages nearest to them.
_OTHERS = re.compile(
    r"\b(?:merci|bonjour|votre|vous|nous|quelle|est|avec|pour|s'il|danke|bitte|ihre|ihnen|wie|und|ist|wann|adresse"
    r"|nicht|fur"
    r"|dziekuje|jaki|jest|gdzie|bedankt|uw|wat|wanneer|kunnen|niet|een|het|salamat|ang|ninyo|kailan|kami|po|xin|chao"
    r"|mesi|ki kote"
    r"|obrigad[oa]|voce|qual|endereco|esta vazando|seu|sua|nao|quando possiamo|grazie|il|qual e|indirizzo|buongiorno"
    r"|della|per)\b"
)


def violations(text: str, answer: Answer, request: Request) -> set[str]:
    """Return {"language"} if `text` is in another language than the customer's. What shows no language passes.

    The customer's language is what the request says; what the answer says instead counts if their newest words show it
    or ask for it.
    """
    expected = {request.language or "en"}
    words = _newest_words(request)
    if answer.language and answer.language in (detect_language(words), *map(requested_language, words.split("\n"))):
        expected.add(answer.language)
    if any(char.isalpha() and not unicodedata.name(char, "").startswith("LATIN") for char in text):
        return {"language"}
    if len(set(_OTHERS.findall(text.casefold()))) >= 2:
        return {"language"}
    found = detect_language(text)
    return {"language"} if found and found not in expected else set()


def _newest_words(request: Request) -> str:
    """The customer's texts since one of ours, a text a line."""
    lines = dropwhile(lambda line: line.sender_type != CUSTOMER, reversed(request.messages))
    newest = takewhile(lambda line: line.sender_type == CUSTOMER, lines)
    return "\n".join(reversed([line.body for line in newest]))
