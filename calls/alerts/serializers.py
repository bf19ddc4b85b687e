"""What Twilio sends about an alert call, in Twilio's spelling on the left and ours on the right."""

from dataclasses import dataclass
from typing import Any

from nevermisscall.webhooks.parsing import Params


@dataclass(frozen=True, slots=True)
class Leg:
    """Any webhook about an alert call. `token` is from the path: it says which."""

    token: str
    call_sid: str
    account_sid: str
    call_status: str
    sequence_number: str


@dataclass(frozen=True, slots=True)
class Press(Leg):
    """A `<Gather>` action: what was pressed."""

    digits: str

    @property
    def accepts(self) -> bool:
        return self.digits == "1"


@dataclass(frozen=True, slots=True)
class Connection(Leg):
    """The `<Dial>` action: how connecting with the customer ended."""

    dial_call_status: str
    dial_call_sid: str
    dial_bridged: bool | None  # None: Twilio did not say

    @property
    def talked(self) -> bool:
        return self.dial_call_status in {"completed", "answered"} and self.dial_bridged is not False


def read_leg(params: Params, token: str) -> Leg:
    return Leg(**_common(params, token))


def read_press(params: Params, token: str) -> Press:
    return Press(**_common(params, token), digits=params.text("Digits"))


def read_connection(params: Params, token: str) -> Connection:
    bridged = params.text("DialBridged").lower()
    return Connection(
        **_common(params, token),
        dial_call_status=params.text("DialCallStatus")[:30],
        dial_call_sid=params.optional_sid("DialCallSid", "CA"),
        dial_bridged={"true": True, "false": False}.get(bridged),
    )


def _common(params: Params, token: str) -> dict[str, Any]:
    return {
        "token": token,
        "call_sid": params.sid("CallSid", ["CA"]),
        "account_sid": params.text("AccountSid"),
        "call_status": params.text("CallStatus"),
        "sequence_number": params.text("SequenceNumber"),
    }
