"""Where the vocabulary is: TOML beside the code, for people to read and to add to."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1] / "data"


def load(name: str) -> dict[str, Any]:
    """Return what the file `name` of the data holds."""
    return tomllib.loads((DATA / name).read_text("utf-8"))


WORDS: Mapping[str, frozenset[str]] = {name: frozenset(words.split()) for name, words in load("words.toml").items()}
