"""The facts this app publishes (docs/events.md)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from calls.models import Call


@dataclass(frozen=True)
class CallFact:
    """Something happened to a call. `data` is the call as it was then."""

    topic: ClassVar[str] = ""
    call: Call

    @property
    def tenant_id(self) -> int | None:
        return self.call.tenant_id

    @property
    def aggregate(self) -> str:
        return f"call:{self.call.pk}"

    def data(self) -> dict[str, Any]:
        call = self.call
        return {
            "call_id": call.pk,
            "call_sid": call.call_sid,
            "from": call.from_number,
            "to": call.to_number,
            "direction": call.direction,
            "status": call.status,
            # Nobody talked on a missed call, whatever time the caller spent listening to us.
            "duration": 0 if call.outcome == Call.Outcome.MISSED else call.duration or 0,
            "reason": call.missed_reason,
            "started_at": _iso(call.started_at),
            "ended_at": _iso(call.ended_at),
        }


class CallIncoming(CallFact):
    """A call reached one of our numbers. Published with its first webhook."""

    topic = "call.incoming"


class CallAnswered(CallFact):
    """A person took the call. Published when the forwarding ended or the call did, whichever we learn first."""

    topic = "call.answered"


class CallMissed(CallFact):
    """Nobody took the call; `reason` says why. Published with the decision, once."""

    topic = "call.missed"


class CallFailed(CallFact):
    """The owner's number could not be reached at all. Published besides `call.missed`: somebody should look."""

    topic = "call.failed"


class CallCompleted(CallFact):
    """The call is over. Published with Twilio's final status."""

    topic = "call.completed"


def _iso(moment: Any) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")
