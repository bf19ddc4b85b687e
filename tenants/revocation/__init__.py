"""Does a text say, in a person's own words, that they want no more texts?

Twilio acts on a bare STOP only; the law asks for any reasonable wording to count (47 CFR 64.1200(a)(10)). This is word
lists (`words`) and small rules (`english`, `spanish`), so that every decision can be explained and repeated. A wrong
yes costs a confirmation text and a START; a wrong no costs a person's patience. Both are measured in the tests.
"""

from tenants.revocation.reading import distance, language_of_revocation

__all__ = ["distance", "language_of_revocation"]
