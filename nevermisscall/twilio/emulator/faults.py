"""What goes wrong on purpose when the product uses the REST API. Exact: a rule for the next N requests hits N requests.

Seconds here are real ones, because the product's HTTP timeouts are.
"""

import random
import threading
from dataclasses import dataclass, field
from typing import Any

KINDS = ("error", "timeout", "reset", "refuse", "slow")
OPERATIONS = [
    "messages.create",
    "messages.list",
    "messages.fetch",
    "messages.update",
    "calls.create",
    "calls.list",
    "calls.fetch",
    "calls.update",
    "recordings.list",
    "recordings.fetch",
    "recordings.media",
    "recordings.delete",
    "numbers.list",
    "numbers.create",
    "numbers.fetch",
    "numbers.update",
    "numbers.delete",
    "numbers.available",
]
CALLBACK_MODES = ("on", "off", "before_response")


@dataclass
class Rule:
    """One fault.

    `error`: answer `status` (and `code`); `accepted` does the work first, as a gateway that dies on the way back does.
    `timeout`: do the work, answer after `seconds` or, with None, never.
    `reset`: do the work, then reset the connection. `refuse`: reset it and do nothing.
    `slow`: wait `seconds`, then do the work and answer.
    Without `times` the rule stays; with `probability` it hits that share of requests, by its own seeded dice.
    """

    kind: str
    on: str = "messages.create"
    times: int | None = None
    probability: float = 1.0
    seed: int = 0
    status: int = 500
    code: int | None = None
    accepted: bool = False
    seconds: float | None = None
    to: str | None = None
    dice: random.Random = field(default_factory=random.Random, repr=False)

    @classmethod
    def parse(cls, given: dict[str, Any]) -> "Rule":
        """Read JSON; raises ValueError that names what is wrong."""
        if unknown := set(given) - (set(cls.__dataclass_fields__) - {"dice"}):
            raise ValueError(f"unknown in fault: {', '.join(sorted(unknown))}")
        if given.get("kind") not in KINDS:
            raise ValueError(f"fault kind must be one of {', '.join(KINDS)}")
        rule = cls(**given)
        if rule.on not in OPERATIONS:
            raise ValueError(f"fault on must be one of {', '.join(OPERATIONS)}")
        if rule.kind == "slow" and rule.seconds is None:
            raise ValueError("a slow fault needs seconds")
        rule.dice = random.Random(rule.seed)  # noqa: S311 - repeatable test faults, not a secret
        return rule


class Faults:
    """The faults that are set now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def clear(self) -> None:
        with self._lock:
            self._rules: list[Rule] = []
            self.list_lag_seconds = 0.0
            self.callbacks = "on"

    def set(self, rules: list[dict[str, Any]], *, list_lag_seconds: float = 0.0, callbacks: str = "on") -> None:
        """Replace all faults. Raises ValueError and changes nothing when one is malformed."""
        if callbacks not in CALLBACK_MODES:
            raise ValueError(f"callbacks must be one of {', '.join(CALLBACK_MODES)}")
        parsed = [Rule.parse(rule) for rule in rules]
        with self._lock:
            self._rules = parsed
            self.list_lag_seconds = float(list_lag_seconds)
            self.callbacks = callbacks

    def take(self, operation: str, to: str | None) -> Rule | None:
        """Return the first rule that hits this request, and count it."""
        with self._lock:
            for rule in self._rules:
                if rule.on != operation or rule.times == 0 or (rule.to and rule.to != to):
                    continue
                if rule.probability < 1 and rule.dice.random() >= rule.probability:
                    continue
                if rule.times is not None:
                    rule.times -= 1
                return rule
            return None

    def as_json(self) -> dict[str, Any]:
        with self._lock:
            rules = [{k: v for k, v in vars(rule).items() if k != "dice"} for rule in self._rules]
            return {"rules": rules, "list_lag_seconds": self.list_lag_seconds, "callbacks": self.callbacks}
