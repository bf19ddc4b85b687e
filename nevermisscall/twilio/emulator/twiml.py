"""Reads a TwiML answer as strictly as Twilio does: a broken document is an error, an unknown attribute a warning."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field

from nevermisscall.twilio.emulator.webhooks import Answer

# https://www.twilio.com/docs/api/errors
DOCUMENT_PARSE_FAILURE = 12100
SCHEMA_WARNING = 12200
INVALID_CONTENT_TYPE = 12300
EMPTY_BODY = 11770
INVALID_URL = 11100

_RECORDING = "recordingStatusCallback recordingStatusCallbackMethod recordingStatusCallbackEvent"
_CALLBACK = "statusCallback statusCallbackMethod statusCallbackEvent"
_AMD = (
    "machineDetection machineDetectionTimeout machineDetectionSpeechThreshold machineDetectionSpeechEndThreshold "
    "machineDetectionSilenceTimeout amdStatusCallback amdStatusCallbackMethod"
)
# Element -> (attributes, elements inside). Sources: the verb pages under https://www.twilio.com/docs/voice/twiml
_SCHEMA: dict[str, tuple[str, str]] = {
    "Response": (
        "",
        "Dial Say Play Pause Gather Record Hangup Reject Redirect Connect Start Stop Enqueue Leave Sms Pay Refer "
        "Message",
    ),
    "Dial": (
        f"action method timeout timeLimit answerOnBridge callerId record {_RECORDING} recordingTrack trim hangupOnStar "
        "ringTone sequential referUrl referMethod callReason recordingConfigurationId",
        "Number Client Sip Conference Queue Sim Application",
    ),
    "Number": (f"url method {_CALLBACK} sendDigits byoc {_AMD}", ""),
    "Say": ("voice language loop", "break emphasis lang p phoneme prosody s say-as sub w"),
    "Play": ("loop digits", ""),
    "Pause": ("length", ""),
    "Gather": (
        "input action method timeout speechTimeout numDigits finishOnKey hints language speechModel profanityFilter "
        "actionOnEmptyResult partialResultCallback partialResultCallbackMethod enhanced bargeIn debug",
        "Say Play Pause",
    ),
    "Record": (
        f"action method timeout finishOnKey maxLength playBeep trim {_RECORDING} transcribe transcribeCallback",
        "",
    ),
    "Message": ("to from action method statusCallback", "Body Media"),  # the messaging TwiML
    "Body": ("", ""),
    "Media": ("", ""),
    "Hangup": ("", ""),
    "Reject": ("reason", ""),
    "Redirect": ("method", ""),
}
# Understood by Twilio, not played here; the timeline says so.
NOT_SIMULATED = frozenset({"Connect", "Start", "Stop", "Enqueue", "Leave", "Sms", "Pay", "Refer"})


class TwimlError(Exception):
    """The document cannot be used. `code` is what Twilio would put into `ErrorCode`."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Verb:
    name: str
    attributes: dict[str, str]
    text: str
    children: tuple["Verb", ...] = ()

    def get(self, attribute: str, default: str = "") -> str:
        return self.attributes.get(attribute, default)


@dataclass(frozen=True)
class Document:
    """What to do, and the URL it came from: relative URLs in it start there. Inline TwiML has none."""

    verbs: tuple[Verb, ...]
    url: str = ""
    warnings: list[str] = field(default_factory=list)


def read(answer: Answer) -> Document:
    """Turn a webhook's answer into a document; raises TwimlError with the code of what is wrong."""
    if answer.error is not None:
        raise TwimlError(answer.error, f"{answer.url} answered {answer.status or 'nothing'}")
    media_type = answer.content_type.partition(";")[0].strip().lower()
    if not media_type:
        raise TwimlError(INVALID_CONTENT_TYPE, "the answer has no Content-Type")
    if media_type.startswith("audio/"):
        return Document((Verb("Play", {}, answer.url), Verb("Hangup", {}, "")), answer.url)
    if media_type == "text/plain" and not answer.body.lstrip().startswith(b"<"):
        return Document((Verb("Say", {}, answer.text),), answer.url)
    if media_type not in {"text/xml", "application/xml", "text/html", "text/plain"}:
        raise TwimlError(INVALID_CONTENT_TYPE, f"the answer is {media_type}, not TwiML")
    if not answer.body.strip():
        raise TwimlError(EMPTY_BODY, "the answer is empty; an empty <Response/> is the way to do nothing")
    return parse(answer.body, answer.url)


def parse(text: str | bytes, url: str = "") -> Document:
    """Parse TwiML; raises TwimlError 12100 when it is not well-formed or not a `<Response>`."""
    if b"<!DOCTYPE" in (text if isinstance(text, bytes) else text.encode()):
        raise TwimlError(DOCUMENT_PARSE_FAILURE, "a document type declaration is not accepted")
    try:
        root = ET.fromstring(text)  # noqa: S314 - no document type passes the line above, so no entities either
    except (ET.ParseError, ValueError) as error:
        raise TwimlError(DOCUMENT_PARSE_FAILURE, f"not well-formed XML: {error}") from error
    if root.tag != "Response":
        raise TwimlError(DOCUMENT_PARSE_FAILURE, f"the root element is <{root.tag}>, not <Response>")
    warnings: list[str] = []
    return Document(_children(root, warnings), url, warnings)


def _children(element: ET.Element, warnings: list[str]) -> tuple[Verb, ...]:
    allowed = _SCHEMA[element.tag][1].split() if element.tag in _SCHEMA else None
    kept = []
    for child in element:
        if not isinstance(child.tag, str):
            continue
        if allowed is not None and child.tag not in allowed:
            warnings.append(f"{SCHEMA_WARNING} <{child.tag}> is not allowed in <{element.tag}>")
            continue
        if child.tag in _SCHEMA:
            known = _SCHEMA[child.tag][0].split()
            warnings += [
                f"{SCHEMA_WARNING} attribute {name} is not allowed in <{child.tag}>"
                for name in child.attrib
                if name not in known
            ]
        text = "".join(child.itertext()).strip() if child.tag == "Say" else (child.text or "").strip()
        kept.append(Verb(child.tag, dict(child.attrib), text, _children(child, warnings)))
    return tuple(kept)
