"""`/Messages`: https://www.twilio.com/docs/messaging/api/message-resource"""

from datetime import timedelta
from typing import Any

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from nevermisscall.twilio.emulator import messaging
from nevermisscall.twilio.emulator.errors import Refused
from nevermisscall.twilio.emulator.formats import API_VERSION, now, rfc2822
from nevermisscall.twilio.emulator.rest import ApiRequest, answer, deleted, folder, listing, not_found, within
from nevermisscall.twilio.emulator.world import Media, Message


def show(message: Message) -> dict[str, Any]:
    uri = f"{folder(message.account_sid)}/Messages/{message.sid}"
    return {
        "account_sid": message.account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": rfc2822(message.created_at),
        "date_sent": rfc2822(message.sent_at),
        "date_updated": rfc2822(message.updated_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": message.error_message,
        "from": None if message.chosen_sender and message.status in {"accepted", "scheduled"} else message.from_,
        "messaging_service_sid": message.messaging_service_sid,
        "num_media": str(len(message.media)),
        "num_segments": "0" if message.status in {"accepted", "scheduled"} else str(message.num_segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
        "to": message.to,
        "uri": f"{uri}.json",
    }


def create(api: ApiRequest) -> Response:
    message = messaging.compose(api.exchange, api.account.sid, api.form.to_dict(), api.form.getlist("MediaUrl"))
    body = show(message)  # the state at this moment: by the time the answer arrives the text may be on its way
    messaging.accept(api.exchange, message)
    return answer(body, 201)


def fetch(api: ApiRequest) -> Response:
    return answer(show(_find(api)))


def index(api: ApiRequest) -> Response:
    """List newest first. With a lag set, what is younger does not show yet, as right after an incident at Twilio."""
    lag = timedelta(seconds=api.exchange.faults.list_lag_seconds)
    visible_until = now() - lag
    with api.exchange.world.lock:
        messages = [
            message
            for message in reversed(api.exchange.world.messages.values())
            if message.account_sid == api.account.sid
            and (not lag or message.created_at <= visible_until)
            and api.args.get("To", message.to) == message.to
            and api.args.get("From", message.from_) == message.from_
            and within(api, "DateSent", message.sent_at)  # one that is still queued was not sent on any day
        ]
        return listing(api, "messages", messages, show)


def update(api: ApiRequest) -> Response:
    """Cancel a scheduled message, or redact a body."""
    message = _find(api)
    with api.exchange.world.lock:
        if api.form.get("Status") == "canceled":
            if message.status not in {"scheduled", "accepted", "queued"}:
                raise Refused(30409, "The message cannot be canceled any more.", status=409)
            message.status = "canceled"
        if "Body" in api.form:
            if api.form["Body"]:
                raise Refused(20001, "Body can only be set to an empty string.", status=400)
            message.body = ""
        message.updated_at = now()
        return answer(show(message))


def delete(api: ApiRequest) -> Response:
    with api.exchange.world.lock:
        del api.exchange.world.messages[_find(api).sid]
    return deleted()


def media_index(api: ApiRequest) -> Response:
    message = _find(api)
    return listing(api, "media_list", message.media, lambda media: _show_media(message, media))


def media_fetch(api: ApiRequest) -> Response:
    message = _find(api)
    return answer(_show_media(message, _find_media(api, message)))


def media_content(api: ApiRequest) -> Response:
    media = _find_media(api, _find(api))
    return redirect(media.url, 307) if media.url else Response(media.content, content_type=media.content_type)


def media_delete(api: ApiRequest) -> Response:
    message = _find(api)
    with api.exchange.world.lock:
        message.media.remove(_find_media(api, message))
    return deleted()


def _find(api: ApiRequest) -> Message:
    message = api.exchange.world.messages.get(api.sid)
    if message is None or message.account_sid != api.account.sid:
        raise not_found(api.path)
    return message


def _find_media(api: ApiRequest, message: Message) -> Media:
    for media in message.media:
        if media.sid == api.values["media_sid"]:
            return media
    raise not_found(api.path)


def _show_media(message: Message, media: Media) -> dict[str, Any]:
    return {
        "account_sid": message.account_sid,
        "content_type": media.content_type,
        "date_created": rfc2822(media.created_at),
        "date_updated": rfc2822(media.created_at),
        "parent_sid": message.sid,
        "sid": media.sid,
        "uri": f"{folder(message.account_sid)}/Messages/{message.sid}/Media/{media.sid}.json",
    }
