"""`/Recordings`: https://www.twilio.com/docs/voice/api/recording"""

from typing import Any

from werkzeug.wrappers import Response

from nevermisscall.twilio.emulator import recordings
from nevermisscall.twilio.emulator.errors import Refused
from nevermisscall.twilio.emulator.formats import API_VERSION, rfc2822
from nevermisscall.twilio.emulator.rest import ApiRequest, answer, deleted, folder, listing, not_found, within
from nevermisscall.twilio.emulator.world import Recording


def show(recording: Recording) -> dict[str, Any]:
    uri = f"{folder(recording.account_sid)}/Recordings/{recording.sid}"
    return {
        "account_sid": recording.account_sid,
        "api_version": API_VERSION,
        "call_sid": recording.call_sid,
        "channels": recording.channels,
        "conference_sid": None,
        "date_created": rfc2822(recording.created_at),
        "date_updated": rfc2822(recording.created_at),
        "duration": str(recording.duration_seconds) if recording.status == "completed" else "-1",
        "encryption_details": None,
        "error_code": None,
        "media_url": f"https://api.twilio.com{uri}",
        "price": None,
        "price_unit": "USD",
        "sid": recording.sid,
        "source": recording.source,
        "start_time": rfc2822(recording.created_at),
        "status": recording.status,
        "subresource_uris": {
            "add_on_results": f"{uri}/AddOnResults.json",
            "transcriptions": f"{uri}/Transcriptions.json",
        },
        "uri": f"{uri}.json",
    }


def fetch(api: ApiRequest) -> Response:
    return answer(show(_find(api)))


def index(api: ApiRequest) -> Response:
    """List those of the account or, below `/Calls/{sid}`, those of one call."""
    call_sid = api.values.get("call_sid") or api.args.get("CallSid")
    with api.exchange.world.lock:
        found = [
            recording
            for recording in reversed(api.exchange.world.recordings.values())
            if recording.account_sid == api.account.sid
            and call_sid in {None, recording.call_sid}
            and within(api, "DateCreated", recording.created_at)
        ]
        return listing(api, "recordings", found, show)


def media(api: ApiRequest) -> Response:
    """Answer the file: `.wav` (also without extension) or `.mp3`. It exists once the recording is `completed`."""
    recording = _find(api)
    if recording.status != "completed":
        raise not_found(api.path)
    if api.values.get("extension") == "mp3":
        return Response(recordings.as_mp3(recording), content_type="audio/mpeg")
    channels = int(api.args.get("RequestedChannels", str(recording.channels)))
    if channels not in {1, recording.channels}:
        raise Refused(21220, "The requested number of channels is not available.", status=400)
    return Response(recordings.as_wav(recording, channels), content_type="audio/x-wav")


def delete(api: ApiRequest) -> Response:
    recording = _find(api)
    with api.exchange.world.lock:
        del api.exchange.world.recordings[recording.sid]
    return deleted()


def _find(api: ApiRequest) -> Recording:
    recording = api.exchange.world.recordings.get(api.sid)
    if recording is None or recording.account_sid != api.account.sid:
        raise not_found(api.path)
    return recording
