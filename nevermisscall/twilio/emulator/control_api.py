"""The control API under `/emulator/`: everything a test, a demo or the phone page does to the emulated world.

JSON in, JSON out; a mistake is a 400 with a sentence. POST requests must say `Content-Type: application/json`, which a
foreign web page cannot do without asking the browser first.
"""

import base64
import json
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from nevermisscall.twilio.emulator import inbox, recordings, views, voice
from nevermisscall.twilio.emulator.behaviours import KINDS, Behaviour, Caller, parse_owner
from nevermisscall.twilio.emulator.delivery import WebhookKnobs
from nevermisscall.twilio.emulator.emulator import Emulator
from nevermisscall.twilio.emulator.world import Account, Media, Number

Handler = Callable[[Emulator, dict[str, Any], dict[str, str]], Any]

_NUMBER_FIELDS = [
    "voice_url",
    "voice_method",
    "voice_fallback_url",
    "voice_fallback_method",
    "status_callback",
    "status_callback_method",
    "sms_url",
    "sms_method",
    "sms_fallback_url",
    "sms_fallback_method",
    "friendly_name",
    "messaging_service_sid",
]
# A one-pixel PNG, for `"media": ["image/png"]`.
_PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Mistake(ValueError):
    """The request cannot be understood; the message says why."""


class Missing(LookupError):
    """There is no such thing."""


def handle(emulator: Emulator, handler: Handler, request: Request, values: dict[str, str]) -> Response:
    """Run one control request and turn what it returns, or raises, into JSON."""
    try:
        given: dict[str, Any] = dict(request.args.items())
        if request.method in {"POST", "DELETE"} and request.content_length:
            if request.mimetype != "application/json":
                raise Mistake("send application/json")
            given = json.loads(request.get_data())
            if not isinstance(given, dict):
                raise Mistake("send a JSON object")
        elif request.method == "POST":
            raise Mistake("send a JSON object")
        result = handler(emulator, given, values)
    except (LookupError, ValueError, TypeError) as error:
        missing = isinstance(error, Missing) or (isinstance(error, LookupError) and not isinstance(error, KeyError))
        text = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        return Response(json.dumps({"error": text}), 404 if missing else 400, content_type="application/json")
    if isinstance(result, Response):
        return result
    return Response(json.dumps(result), content_type="application/json")


def _health(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    world = emulator.exchange.world
    return {
        "status": "ok",
        "speed": emulator.pace.speed,
        "account_sid": world.main_account().sid,
        "numbers": sorted(world.numbers),
        "calls": len(world.calls),
        "messages": len(world.messages),
    }


def _state(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    return views.state(emulator.exchange) | {"behaviours": KINDS}


def _settings(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    exchange = emulator.exchange
    if "speed" in given:
        emulator.pace.speed = float(given["speed"])
    for name in ("sent_seconds", "delivered_seconds"):
        if name in given:
            setattr(exchange, name, float(given[name]))
    if "advanced_opt_out" in given:
        exchange.advanced_opt_out = bool(given["advanced_opt_out"])
    if "pool_keeps_sender" in given:
        exchange.pool_keeps_sender = bool(given["pool_keeps_sender"])
    return {
        "speed": emulator.pace.speed,
        "sent_seconds": exchange.sent_seconds,
        "delivered_seconds": exchange.delivered_seconds,
        "advanced_opt_out": exchange.advanced_opt_out,
        "pool_keeps_sender": exchange.pool_keeps_sender,
    }


def _accounts(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    secondary = _text(given.get("secondary_token", ""))
    account = Account(_text(given["account_sid"]), _text(given["auth_token"]), secondary)
    emulator.exchange.world.accounts[account.sid] = account
    return {"account_sid": account.sid}


def _add_number(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    world = emulator.exchange.world
    account_sid = given.get("account_sid") or world.main_account().sid
    if account_sid not in world.accounts:
        raise Mistake(f"there is no account {account_sid}")
    if unknown := set(given) - {*_NUMBER_FIELDS, "phone_number", "account_sid"}:
        raise Mistake(f"unknown in number: {', '.join(sorted(unknown))}")
    fields: dict[str, Any] = {name: _text(given[name]) for name in _NUMBER_FIELDS if given.get(name)}
    number = Number(account_sid, _text(given["phone_number"]), **fields)
    with world.lock:
        if known := world.numbers.get(number.phone_number):
            number.sid = known.sid
        world.numbers[number.phone_number] = number
    return views.number(number)


def _numbers(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    return {"numbers": [views.number(number) for number in list(emulator.exchange.world.numbers.values())]}


def _place_call(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    if unknown := set(given) - {"from", "to", "owner", "caller", "params"}:
        raise Mistake(f"unknown in call: {', '.join(sorted(unknown))}")
    scene = voice.Scene(owners=parse_owner(given.get("owner")), caller=Caller.parse(given.get("caller") or {}))
    extra = {str(name): _text(value) for name, value in (given.get("params") or {}).items()}
    forwarded_from = extra.pop("ForwardedFrom", None)
    line = voice.inbound(
        emulator.exchange,
        _text(given["from"]),
        _text(given["to"]),
        scene,
        extra=extra,
        forwarded_from=forwarded_from,
    )
    line.start()
    return {"call_sid": line.call.sid}


def _calls(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    return {"calls": views.calls(emulator.exchange)}


def _call(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    call = emulator.exchange.world.calls.get(values["sid"])
    if call is None:
        raise Missing(f"there is no call {values['sid']}")
    return views.call(emulator.exchange, call)


def _hang_up(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    line = emulator.exchange.lines.get(values["sid"])
    if not isinstance(line, voice.PhoneLine):
        raise Missing(f"no call {values['sid']} is going on")
    line.hang_up_soon()
    return {"call_sid": values["sid"]}


def _send_text(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    media = [_media(each) for each in given.get("media") or []]
    body, from_, to = _text(given.get("body", "")), _text(given["from"]), _text(given["to"])
    return {"message_sid": inbox.receive(emulator.exchange, from_, to, body, media).sid}


def _messages(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    """List the messages, oldest first; `?to=` and `?from=` narrow the list."""
    found = [
        message
        for message in list(emulator.exchange.world.messages.values())
        if given.get("to", message.to) == message.to and given.get("from", message.from_) == message.from_
    ]
    return {"messages": [views.message(emulator.exchange, message) for message in found]}


def _message(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    message = emulator.exchange.world.messages.get(values["sid"])
    if message is None:
        raise Missing(f"there is no message {values['sid']}")
    return views.message(emulator.exchange, message)


def _ledger(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    world = emulator.exchange.world
    with world.lock:
        return {"accepted": list(world.accepted), "attempts": list(world.attempts)}


def _get_faults(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    return emulator.exchange.faults.as_json()


def _set_faults(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    """Replace all faults by `{"rules": […], "list_lag_seconds", "callbacks", "webhooks": {…}, "away_seconds"}`."""
    if unknown := set(given) - {"rules", "list_lag_seconds", "callbacks", "webhooks", "away_seconds"}:
        raise Mistake(f"unknown in faults: {', '.join(sorted(unknown))}")
    exchange = emulator.exchange
    knobs = WebhookKnobs.parse(given.get("webhooks") or {})
    exchange.faults.set(
        given.get("rules") or [],
        list_lag_seconds=float(given.get("list_lag_seconds", 0)),
        callbacks=given.get("callbacks", "on"),
    )
    exchange.delivery.set_knobs(knobs)
    if given.get("away_seconds"):
        emulator.go_away(float(given["away_seconds"]))
    return exchange.faults.as_json()


def _clear_faults(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    return _set_faults(emulator, {}, values)


def _reset(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    emulator.reset(keep_numbers=bool(given.get("keep_numbers", True)))
    return {"status": "ok"}


def _defaults(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    """Set what owners' phones do: `{"+1555…": "busy", "": {…}}`; the empty number stands for all others."""
    parsed = {str(number): Behaviour.parse(value) for number, value in given.items()}
    world = emulator.exchange.world
    with world.lock:
        world.behaviours.update(parsed)
        return {number: behaviour.as_json() for number, behaviour in world.behaviours.items()}


def _destinations(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    """Set how texts to customers fare: `{"+1415…": {"error": 30006}}`, or `delay` seconds, or `silent`."""
    for number, fate in given.items():
        if not isinstance(fate, dict) or set(fate) - {"error", "delay", "silent"}:
            raise Mistake(f"{number}: give error, delay or silent")
    emulator.exchange.world.destinations.update(given)
    return emulator.exchange.world.destinations


def _recording(emulator: Emulator, given: dict[str, Any], values: dict[str, str]) -> Any:
    recording = emulator.exchange.world.recordings.get(values["sid"])
    if recording is None:
        raise Missing(f"there is no recording {values['sid']}")
    return Response(recordings.as_wav(recording, recording.channels), content_type="audio/wav")


def _text(value: Any) -> str:
    """Accept a string; lone surrogates, which no form can carry, become question marks."""
    if not isinstance(value, str):
        raise Mistake(f"{value!r} is not a text")
    return value.encode("utf-8", "replace").decode()


def _media(value: Any) -> Media:
    if isinstance(value, str):
        return Media(value, _PIXEL)
    return Media(_text(value["content_type"]), base64.b64decode(value["content_base64"], validate=True))


ROUTES: list[tuple[str, str, Handler]] = [
    ("/health", "GET", _health),
    ("/state", "GET", _state),
    ("/settings", "POST", _settings),
    ("/accounts", "POST", _accounts),
    ("/numbers", "POST", _add_number),
    ("/numbers", "GET", _numbers),
    ("/calls", "POST", _place_call),
    ("/calls", "GET", _calls),
    ("/calls/<sid>", "GET", _call),
    ("/calls/<sid>/hangup", "POST", _hang_up),
    ("/messages", "POST", _send_text),
    ("/messages", "GET", _messages),
    ("/messages/<sid>", "GET", _message),
    ("/ledger", "GET", _ledger),
    ("/faults", "GET", _get_faults),
    ("/faults", "POST", _set_faults),
    ("/faults", "DELETE", _clear_faults),
    ("/reset", "POST", _reset),
    ("/defaults", "POST", _defaults),
    ("/destinations", "POST", _destinations),
    ("/recordings/<sid>.wav", "GET", _recording),
]
