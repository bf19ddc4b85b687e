"""docs/dependencies.md has a reason for each locked dependency that we chose."""

import re
import tomllib

import pytest

from nevermisscall.lib.env import BASE_DIR
from tests.docs.tables import code

CHOSEN = sorted(
    match[1]
    for name in ("base.in", "llm.in", "dev.in")
    for line in (BASE_DIR / "requirements" / name).read_text().splitlines()
    if (match := re.match(r"([A-Za-z][\w-]*)", line))
)
EXPLAINED = {
    code(line)[0]
    for line in (BASE_DIR / "docs" / "dependencies.md").read_text().partition("## Refused")[0].splitlines()
    if line.startswith("| `")
}


@pytest.mark.parametrize("package", CHOSEN)
def test_it_explains(package):
    assert package in EXPLAINED


def test_it_explains_nothing_that_is_not_there():
    assert set(CHOSEN) == EXPLAINED


def test_an_extra_is_what_its_file_locks():
    extras = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    listed = (BASE_DIR / "requirements" / "llm.in").read_text().splitlines()

    assert extras["llm"] == [line for line in listed if line and not line.startswith(("#", "-"))]
