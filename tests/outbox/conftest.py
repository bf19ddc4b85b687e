"""A topic of the tests, with a subscriber that does what a test tells it to."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest

from nevermisscall.outbox import facts


@dataclass(frozen=True)
class Happened:
    topic: ClassVar[str] = "tests.happened"
    aggregate: str = "test:1"
    tenant_id: int | None = None
    words: dict[str, Any] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        return self.words


class Subscriber:
    """Keeps what it was given; raises `error` first if there is one."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.error: Exception | None = None
        self.before = lambda: None

    def __call__(self, fact: Any) -> None:
        self.before()
        if self.error is not None:
            raise self.error
        self.seen.append(fact.data)


@pytest.fixture
def subscriber(monkeypatch):
    found = Subscriber()
    monkeypatch.setitem(facts._by_topic, "tests.happened", ["tests.subscriber"])
    monkeypatch.setitem(facts._by_name, "tests.subscriber", found)
    return found


@pytest.fixture
def happened():
    return Happened
