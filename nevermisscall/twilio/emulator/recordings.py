"""Recordings: a real, small WAV (a quiet tone) or MP3 (silence), and the callback that says it is ready."""

import io
import math
import struct
import wave

from nevermisscall.twilio.emulator.exchange import Exchange
from nevermisscall.twilio.emulator.formats import API_VERSION, rfc2822
from nevermisscall.twilio.emulator.line import Line
from nevermisscall.twilio.emulator.twiml import Document, Verb
from nevermisscall.twilio.emulator.world import Recording

RATE = 8_000
PROCESSING_SECONDS = 1.0  # virtual, until the file exists
MAX_AUDIO_SECONDS = 60  # longer recordings get a shorter file


def url_of(exchange: Exchange, recording: Recording) -> str:
    """Return the media address as Twilio gives it: without extension."""
    return f"{exchange.base_url}/{API_VERSION}/Accounts/{recording.account_sid}/Recordings/{recording.sid}"


def start(line: Line, verb: Verb, document: Document, *, seconds: float, source: str, channels: int) -> Recording:
    """Create the recording of a call that has just been made; its status callback follows when it is processed."""
    exchange = line.exchange
    recording = Recording(
        account_sid=line.call.account_sid,
        call_sid=line.journal.sid,
        duration_seconds=max(round(seconds), 1),
        channels=channels,
        source=source,
    )
    with exchange.world.lock:
        exchange.world.recordings[recording.sid] = recording
    line.note("recording", recording_sid=recording.sid, seconds=recording.duration_seconds, source=source)
    callback = verb.get("recordingStatusCallback")
    url = line.resolve(document, callback) if callback else ""
    events = verb.get("recordingStatusCallbackEvent", "completed").split()

    def ready() -> None:
        with exchange.world.lock:
            recording.status = "completed"
        if url and "completed" in events:
            method = verb.get("recordingStatusCallbackMethod", "POST")
            line.post("recording_status", url, _callback(exchange, recording), method)

    exchange.later(line.journal.sid, PROCESSING_SECONDS, ready)
    return recording


def _callback(exchange: Exchange, recording: Recording) -> list[tuple[str, str]]:
    return [
        ("AccountSid", recording.account_sid),
        ("CallSid", recording.call_sid),
        ("RecordingSid", recording.sid),
        ("RecordingUrl", url_of(exchange, recording)),
        ("RecordingStatus", recording.status),
        ("RecordingDuration", str(recording.duration_seconds)),
        ("RecordingChannels", str(recording.channels)),
        ("RecordingStartTime", rfc2822(recording.created_at) or ""),
        ("RecordingSource", recording.source),
        ("RecordingTrack", "both" if recording.source == "DialVerb" else "inbound"),
    ]


def as_wav(recording: Recording, channels: int) -> bytes:
    """Return 16-bit PCM at 8 kHz, 128 kbit/s per channel: a 440 Hz tone at a twentieth of full scale."""
    seconds = min(recording.duration_seconds, MAX_AUDIO_SECONDS)
    tone = [round(1_600 * math.sin(2 * math.pi * 440 * i / RATE)) for i in range(RATE)]
    second = b"".join(struct.pack("<h", sample) * channels for sample in tone)
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(2)
        wav.setframerate(RATE)
        wav.writeframes(second * seconds)
    return file.getvalue()


def as_mp3(recording: Recording) -> bytes:
    """Return silence: MPEG-2 layer III frames, 32 kbit/s, 22.05 kHz, mono, whose side information is all zero."""
    frame = b"\xff\xf3\x40\xc0" + bytes(100)
    seconds = min(recording.duration_seconds, MAX_AUDIO_SECONDS)
    return frame * math.ceil(seconds * 22_050 / 576)
