"""Words that end a conversation and want no answer."""

import re

_COURTESIES = frozenset(
    """
    bye | cheers | cool | got it | got it thanks | great | great thanks | great thank you | k | kk | many thanks | np
    | ok | ok great | ok thank you | ok thank you so much | ok thanks | okay | okay thank you | okay thanks | perfect
    | perfect thank you | perfect thanks | see you | see you then | see you tomorrow | sounds good
    | sounds good thank you | sounds good thanks | thank u | thank you | thank you so much | thank you very much
    | thanks | thanks a lot | thanks again | thanks bye | thanks so much | thx | ty | will do
    | adios | bueno | buenisimo | de acuerdo | esta bien | esta bien gracias | gracias | gracias adios | hasta luego
    | hasta manana | igualmente | listo | listo gracias | muchas gracias | muy amable | ok gracias | ok muchas gracias
    | okey | perfecto | perfecto gracias | vale | vale gracias
    """.replace("\n", " ").split("|")
)
_KNOWN = frozenset(" ".join(words.split()) for words in _COURTESIES)
_ACCENTS = str.maketrans("áéíóúüñ", "aeiouun")


def is_courtesy(text: str) -> bool:
    """Tell whether a text is nothing but thanks, agreement or goodbye, or nothing but emoji."""
    words = " ".join(re.findall(r"[a-z]+", text.lower().translate(_ACCENTS)))
    if not words:
        return bool(text.strip()) and not any(character.isalnum() or character == "?" for character in text)
    return "?" not in text and not any(character.isdigit() for character in text) and words in _KNOWN
