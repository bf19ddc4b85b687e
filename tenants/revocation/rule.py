"""What a rule is.

Rules are regular expressions over simplified text: lower case, no accents, no apostrophes, each word of
`words.SPELLINGS` replaced by its key. Every text is cut into clauses at its punctuation; `^` and `$` mean the ends of a
clause.
`tests/tenants/revocation_phrases/` and `tests/tenants/revocation_grammar.py` hold what each change here is measured on.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to say it. It does not hold where the clause before the match fits `not_after`, or the rest `not_before`.

    `whole` rules look at texts of one clause only; `unless` and `needs` are looked for in the whole text.
    """

    language: str  # blank: it tells nothing about the language
    pattern: str
    not_after: str = ""
    not_before: str = ""
    unless: str = ""
    needs: str = ""
    whole: bool = False
