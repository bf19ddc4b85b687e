"""What the people on the phones do: the owner whose phone rings, and the caller.

Both travel as JSON through the control API: `"no_answer"` or `{"behaviour": "answers", "after": 5, "talk": 20}`.
All times are virtual seconds.
"""

from dataclasses import asdict, dataclass
from typing import Any

# Per kind: seconds of ringing before it happens, seconds on the phone afterwards, keys pressed when asked.
_DEFAULTS: dict[str, tuple[float, float, str]] = {
    "answers": (4, 30, "1"),
    "answers_no_press": (4, 30, ""),
    "declines": (3, 0, ""),
    "busy": (0, 0, ""),
    "no_answer": (0, 0, ""),
    "voicemail": (12, 25, ""),
    "caller_hangs_up": (8, 0, ""),
    "fails": (0, 0, ""),
    "hangs_up_in_whisper": (4, 2, ""),
    "forwards_back": (2, 0, ""),
}
KINDS = tuple(_DEFAULTS)


@dataclass(frozen=True)
class Behaviour:
    """One owner's phone. `talk` counts from the moment it picked up or, if bridged, from the bridge."""

    kind: str = "no_answer"
    after: float = 0
    talk: float = 0
    presses: str = ""

    @classmethod
    def parse(cls, value: "str | dict[str, Any] | Behaviour") -> "Behaviour":
        """Read JSON; raises ValueError that names what is wrong."""
        if isinstance(value, Behaviour):
            return value
        given = {"behaviour": value} if isinstance(value, str) else dict(value)
        kind = given.pop("behaviour", None)
        if kind not in _DEFAULTS:
            raise ValueError(f"behaviour must be one of {', '.join(KINDS)}")
        if unknown := set(given) - {"after", "talk", "presses"}:
            raise ValueError(f"unknown in behaviour {kind}: {', '.join(sorted(unknown))}")
        after, talk, presses = _DEFAULTS[kind]
        return cls(
            kind=kind,
            after=_seconds("after", given.get("after", after)),
            talk=_seconds("talk", given.get("talk", talk)),
            presses=str(given.get("presses", presses)),
        )

    @property
    def rings(self) -> bool:
        """Tell whether the phone rings at all."""
        return self.kind not in {"busy", "fails"}

    @property
    def picks_up(self) -> bool:
        return self.kind in {"answers", "answers_no_press", "voicemail", "hangs_up_in_whisper"}

    @property
    def is_machine(self) -> bool:
        return self.kind == "voicemail"

    def as_json(self) -> dict[str, Any]:
        given = asdict(self)
        return {"behaviour": given.pop("kind"), **given}


@dataclass(frozen=True)
class Caller:
    """The customer on the line.

    `hangs_up_after` counts from the start of the call. `presses` and `says` are given to `<Gather>`s in turn.
    `message_seconds` is spoken into a `<Record>`, after which the caller hangs up (0: stays silent).
    `final_status` and `dial_action` decide two things Twilio's documentation leaves open for a caller who hangs up
    while a phone rings: the status of the call, and whether the Dial's action is still requested.
    """

    hangs_up_after: float | None = None
    presses: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    message_seconds: float = 8
    final_status: str = "completed"
    dial_action: bool = True

    @classmethod
    def parse(cls, value: dict[str, Any]) -> "Caller":
        """Read JSON; raises ValueError that names what is wrong."""
        if unknown := set(value) - set(cls.__dataclass_fields__):
            raise ValueError(f"unknown in caller: {', '.join(sorted(unknown))}")
        given = dict(value)
        for name in ("hangs_up_after", "message_seconds"):
            if given.get(name) is not None:
                given[name] = _seconds(name, given[name])
        for name in ("presses", "says"):
            texts = given.get(name, ())
            given[name] = (texts,) if isinstance(texts, str) else tuple(str(text) for text in texts)
        return cls(**given)


def parse_owner(value: Any) -> dict[str, Behaviour]:
    """Read the `owner` of a call: one behaviour for every phone (key `""`) or one per number."""
    if value is None:
        return {}
    if isinstance(value, dict) and "behaviour" not in value:
        return {str(number): Behaviour.parse(each) for number, each in value.items()}
    return {"": Behaviour.parse(value)}


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError(f"{name} must be a number of seconds")
    return float(value)
