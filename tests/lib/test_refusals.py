"""Refusals carry a code for programs and a sentence for people."""

import pytest

from nevermisscall.lib.refusals import Refusal


def test_a_refusal_says_both():
    with pytest.raises(Refusal, match="opted_out") as caught:
        raise Refusal("opted_out", "They asked for no texts.")

    assert (caught.value.code, caught.value.message) == ("opted_out", "They asked for no texts.")
