"""docs/reliability.md says of every fault row what proves it and what was seen."""

import re

import pytest

from nevermisscall.lib.env import BASE_DIR
from tests.docs.tables import code
from tests.faults.catalogue import ROWS

TESTS = BASE_DIR / "tests"
SECTION = (BASE_DIR / "docs" / "reliability.md").read_text().partition("## Every fault")[2].partition("\n## ")[0]
TOLD = {line.split("|")[1].strip(): code(line) for line in SECTION.splitlines() if re.match(r"\| F\d+ \|", line)}
PROOF = {
    str(path.relative_to(TESTS)): set(re.findall(r'"(F\d+)"', path.read_text())) for path in TESTS.rglob("test_*.py")
}


def test_the_catalogue_has_every_row():
    assert list(ROWS) == [f"F{number}" for number in range(1, 29)]
    assert list(TOLD) == list(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_the_tests_that_prove_it(row):
    named = TOLD[row]

    assert [name for name in named if row not in PROOF.get(name, set())] == []
    assert named or ROWS[row].waits_for
