"""What Twilio sends about a call, in Twilio's spelling on the left and ours on the right."""

from dataclasses import dataclass

from nevermisscall.webhooks.parsing import InvalidWebhook, Params, is_sid


@dataclass(frozen=True, slots=True)
class CallWebhook:
    """The number's voice URL and its status callback: a call arrives, or is over."""

    call_sid: str
    account_sid: str
    from_number: str
    to_number: str
    call_status: str
    forwarded_from: str
    direction: str
    sequence_number: str
    duration: int | None


@dataclass(frozen=True, slots=True)
class DialResult:
    """The `<Dial>` action: how forwarding ended."""

    call_sid: str
    account_sid: str
    from_number: str
    to_number: str
    call_status: str
    dial_call_status: str
    dial_call_sid: str
    dial_bridged: bool | None  # None: Twilio did not say
    duration: int | None


@dataclass(frozen=True, slots=True)
class OwnerLeg:
    """A request about the owner's leg while it is screened. `call_sid` is the caller's call, from the path."""

    call_sid: str
    account_sid: str
    leg_sid: str
    digits: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A status callback of a leg, or of a call."""

    call_sid: str
    parent_call_sid: str
    account_sid: str
    from_number: str
    to_number: str
    call_status: str
    sequence_number: str
    answered_by: str
    duration: int | None


@dataclass(frozen=True, slots=True)
class RecordingReport:
    """A recording status callback."""

    call_sid: str
    account_sid: str
    recording_sid: str
    recording_status: str


def read_call(params: Params) -> CallWebhook:
    return CallWebhook(
        call_sid=params.sid("CallSid", ["CA"]),
        account_sid=params.text("AccountSid"),
        from_number=params.text("From")[:255],
        to_number=params.text("To")[:255],
        call_status=params.text("CallStatus"),
        forwarded_from=params.text("ForwardedFrom"),
        direction=params.text("Direction"),
        sequence_number=params.text("SequenceNumber"),
        duration=params.integer("CallDuration"),
    )


def read_dial_result(params: Params, call_sid: str) -> DialResult:
    """Duration is looked for in all three fields that Twilio has put it into (requirements C-11)."""
    same_call(params, call_sid, ["CallSid"])
    bridged = params.text("DialBridged").lower()
    return DialResult(
        call_sid=params.sid("CallSid", ["CA"]),
        account_sid=params.text("AccountSid"),
        from_number=params.text("From")[:255],
        to_number=params.text("To")[:255],
        call_status=params.text("CallStatus"),
        dial_call_status=params.text("DialCallStatus")[:30],
        dial_call_sid=params.optional_sid("DialCallSid", "CA"),
        dial_bridged={"true": True, "false": False}.get(bridged),
        duration=params.integer("DialCallDuration", "CallDuration", "Duration"),
    )


def read_owner_leg(params: Params, call_sid: str) -> OwnerLeg:
    """The path names the caller's call; the body names the owner's leg, and the caller's call as its parent."""
    if not is_sid(call_sid, ["CA"]):
        raise InvalidWebhook({"CallSid": "the URL names no call"})
    same_call(params, call_sid, ["ParentCallSid"])
    return OwnerLeg(
        call_sid=call_sid,
        account_sid=params.text("AccountSid"),
        leg_sid=params.sid("CallSid", ["CA"]),
        digits=params.text("Digits"),
    )


def read_voicemail(params: Params, call_sid: str) -> RecordingReport:
    """The `<Record>` action. A caller who hung up at once left no recording."""
    same_call(params, call_sid, ["CallSid"])
    return RecordingReport(
        call_sid=params.sid("CallSid", ["CA"]),
        account_sid=params.text("AccountSid"),
        recording_sid=params.optional_sid("RecordingSid", "RE"),
        recording_status="recorded",
    )


def read_progress(params: Params, query: dict[str, str]) -> Progress:
    """Machine detection reports a leg without its parent; `call` is then ours, in the URL that Twilio signed."""
    parent = query.get("call", "")
    return Progress(
        call_sid=params.sid("CallSid", ["CA"]),
        parent_call_sid=params.optional_sid("ParentCallSid", "CA") or (parent if is_sid(parent, ["CA"]) else ""),
        account_sid=params.text("AccountSid"),
        from_number=params.text("From")[:255],
        to_number=params.text("To")[:255],
        call_status=params.text("CallStatus"),
        sequence_number=params.text("SequenceNumber"),
        answered_by=params.text("AnsweredBy")[:30],
        duration=params.integer("CallDuration"),
    )


def read_recording(params: Params, _query: dict[str, str]) -> RecordingReport:
    return RecordingReport(
        call_sid=params.sid("CallSid", ["CA"]),
        account_sid=params.text("AccountSid"),
        recording_sid=params.sid("RecordingSid", ["RE"]),
        recording_status=params.text("RecordingStatus"),
    )


def same_call(params: Params, call_sid: str, names: list[str]) -> None:
    """Raise `InvalidWebhook` unless the path's SID is the body's: one of the two is not what was signed up for."""
    for name in names:
        if params.text(name) and params.text(name) != call_sid:
            raise InvalidWebhook({name: "is not the call of this URL"})
