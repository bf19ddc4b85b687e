"""`/Calls`: https://www.twilio.com/docs/voice/api/call-resource"""

from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Response

from nevermisscall.twilio.emulator import magic, outbound
from nevermisscall.twilio.emulator.errors import Refused
from nevermisscall.twilio.emulator.formats import API_VERSION, e164, national, now, rfc2822
from nevermisscall.twilio.emulator.line import CallEnded, CallRedirected, Line
from nevermisscall.twilio.emulator.rest import ApiRequest, answer, folder, listing, not_found, within
from nevermisscall.twilio.emulator.twiml import TwimlError, parse
from nevermisscall.twilio.emulator.world import Call

_SUBRESOURCES = [
    "notifications",
    "recordings",
    "payments",
    "events",
    "siprec",
    "streams",
    "transcriptions",
    "user_defined_message_subscriptions",
    "user_defined_messages",
]


def show(call: Call) -> dict[str, Any]:
    uri = f"{folder(call.account_sid)}/Calls/{call.sid}"
    return {
        "account_sid": call.account_sid,
        "answered_by": call.answered_by,
        "api_version": API_VERSION,
        "caller_name": call.extra.get("CallerName"),
        "date_created": rfc2822(call.created_at),
        "date_updated": rfc2822(call.ended_at or call.answered_at or call.created_at),
        "direction": call.direction,
        "duration": str(call.duration_seconds) if call.ended else None,
        "end_time": rfc2822(call.ended_at),
        "forwarded_from": call.forwarded_from,
        "from": call.from_,
        "from_formatted": national(call.from_),
        "group_sid": None,
        "parent_call_sid": call.parent_sid,
        "phone_number_sid": call.phone_number_sid,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call.sid,
        "start_time": rfc2822(call.answered_at or call.created_at),
        "status": call.status,
        "subresource_uris": {name: f"{uri}/{name.title().replace('_', '')}.json" for name in _SUBRESOURCES},
        "to": call.to,
        "to_formatted": national(call.to),
        "trunk_sid": None,
        "uri": f"{uri}.json",
    }


def create(api: ApiRequest) -> Response:
    form = api.form
    to, sender = form.get("To", ""), form.get("From", "")
    if not to:
        raise Refused(21201)
    if not sender:
        raise Refused(21213)
    if sender in magic.CALL_FROM:
        raise Refused(magic.CALL_FROM[sender])
    number = api.exchange.world.numbers.get(sender)
    if sender != magic.VALID_FROM and (number is None or number.account_sid != api.account.sid):
        raise Refused(21210)
    if to in magic.CALL_TO:
        raise Refused(magic.CALL_TO[to])
    if e164(to) is None:
        raise Refused(21217)
    if not form.get("Url") and not form.get("Twiml"):
        raise Refused(21205)
    line = outbound.place(
        api.exchange,
        api.account.sid,
        sender,
        e164(to) or to,
        form=form.to_dict(),
        events=form.getlist("StatusCallbackEvent") or ["completed"],
    )
    body = show(line.call)
    api.exchange.world.accept("call", line.call.sid, {"from": sender, "to": to, "direction": "outbound-api"})
    line.start()
    return answer(body, 201)


def fetch(api: ApiRequest) -> Response:
    return answer(show(_find(api)))


def index(api: ApiRequest) -> Response:
    """List newest first. With a lag set, what is younger does not show yet, as right after an incident at Twilio."""
    lag = timedelta(seconds=api.exchange.faults.list_lag_seconds)
    visible_until = now() - lag
    with api.exchange.world.lock:
        calls = [
            call
            for call in reversed(api.exchange.world.calls.values())
            if call.account_sid == api.account.sid
            and (not lag or call.created_at <= visible_until)
            and api.args.get("To", call.to) == call.to
            and api.args.get("From", call.from_) == call.from_
            and api.args.get("Status", call.status) == call.status
            and api.args.get("ParentCallSid", call.parent_sid) == call.parent_sid
            and within(api, "StartTime", call.answered_at or call.created_at)
            and within(api, "EndTime", call.ended_at)
        ]
        return listing(api, "calls", calls, show)


def update(api: ApiRequest) -> Response:
    """End a living call, or give it new TwiML."""
    call = _find(api)
    line = api.exchange.lines.get(call.sid)
    if line is None or call.ended:
        raise Refused(21220)
    status, url, inline = api.form.get("Status"), api.form.get("Url"), api.form.get("Twiml")
    if status == "canceled" and call.answered_virtual is not None:
        raise Refused(21220, "Call is in-progress and cannot be canceled.")
    if status in {"completed", "canceled"}:
        _interrupt(line, CallEnded(status, why="ended through the REST API"))
    elif url or inline:
        if call.parent_sid:
            raise Refused(21220, "The emulator does not redirect the dialled leg of a call.")
        _interrupt(line, _redirection(url, inline, api.form.get("Method", "POST")))
    return answer(show(call))


def _redirection(url: str | None, inline: str | None, method: str) -> CallRedirected:
    if url:
        return CallRedirected(url=url, method=method)
    try:
        return CallRedirected(document=parse(inline or ""))
    except TwimlError as error:
        raise Refused(error.code, str(error)) from error


def _interrupt(line: Line, event: CallEnded | CallRedirected) -> None:
    def act() -> None:
        line.note("api", action=str(event) or "new TwiML")
        if line.task:
            line.loop.throw(line.task, event)

    line.loop.post(act)


def _find(api: ApiRequest) -> Call:
    call = api.exchange.world.calls.get(api.sid)
    if call is None or call.account_sid != api.account.sid:
        raise not_found(api.path)
    return call
