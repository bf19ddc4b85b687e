"""What the control API shows of calls, messages and numbers."""

from typing import Any

from nevermisscall.twilio.emulator.exchange import Exchange
from nevermisscall.twilio.emulator.world import Call, Message, Number

RECENT = 60  # calls and messages that the phone page sees


def number(each: Number) -> dict[str, Any]:
    hidden = {"created_at", "updated_at"}
    return {name: value for name, value in vars(each).items() if name not in hidden}


def message(exchange: Exchange, each: Message) -> dict[str, Any]:
    with exchange.world.lock:
        return {
            "sid": each.sid,
            "account_sid": each.account_sid,
            "from": each.from_,
            "to": each.to,
            "body": each.body,
            "direction": each.direction,
            "status": each.status,
            "error_code": each.error_code,
            "automatic": each.automatic,
            "messaging_service_sid": each.messaging_service_sid,
            "num_media": len(each.media),
            "num_segments": each.num_segments,
            "status_callback": each.status_callback,
            "created_at": each.created_at.isoformat(timespec="milliseconds"),
            "settled": exchange.delivery.settled(each.sid),
            "timeline": [event.as_json() for event in each.timeline],
        }


def call(exchange: Exchange, each: Call) -> dict[str, Any]:
    """Show a whole call with its legs and timeline. `settled`: it has ended and every webhook has been delivered."""
    with exchange.world.lock:
        legs = [leg for leg in exchange.world.calls.values() if leg.parent_sid == each.sid]
        linked = [exchange.world.calls[sid] for sid in each.linked if sid in exchange.world.calls]
        recordings = [item for item in exchange.world.recordings.values() if item.call_sid == each.sid]
        return summary(each) | {
            "settled": _settled(exchange, each) and all(_settled(exchange, other) for other in linked),
            "legs": [summary(leg) for leg in legs],
            "linked": each.linked,
            "recordings": [item.sid for item in recordings],
            "heard": {"caller": list(each.heard), "owner": [text for leg in legs for text in leg.heard]},
            "timeline": [event.as_json() for event in each.timeline],
        }


def summary(each: Call) -> dict[str, Any]:
    return {
        "sid": each.sid,
        "parent_call_sid": each.parent_sid,
        "from": each.from_,
        "to": each.to,
        "direction": each.direction,
        "status": each.status,
        "forwarded_from": each.forwarded_from,
        "answered": each.answered_virtual is not None,
        "bridged": each.bridged,
        "duration": each.duration_seconds,
        "behaviour": each.behaviour.as_json() if each.behaviour else None,
        "created_at": each.created_at.isoformat(timespec="milliseconds"),
        "ended_at": each.ended_at.isoformat(timespec="milliseconds") if each.ended_at else None,
    }


def calls(exchange: Exchange) -> list[dict[str, Any]]:
    """Show the top-level calls, oldest first, without their timelines."""
    with exchange.world.lock:
        return [
            summary(each) | {"settled": _settled(exchange, each)}
            for each in exchange.world.calls.values()
            if not each.parent_sid
        ]


def state(exchange: Exchange) -> dict[str, Any]:
    """Show what the phone page needs: the numbers, and the latest calls and messages in full."""
    with exchange.world.lock:
        parents = [each for each in exchange.world.calls.values() if not each.parent_sid][-RECENT:]
        messages = list(exchange.world.messages.values())[-RECENT * 3 :]
        return {
            "speed": exchange.pace.speed,
            "numbers": [number(each) for each in exchange.world.numbers.values()],
            "calls": [call(exchange, each) for each in parents],
            "messages": [message(exchange, each) for each in messages],
            "defaults": {key: each.as_json() for key, each in exchange.world.behaviours.items()},
        }


def _settled(exchange: Exchange, each: Call) -> bool:
    return each.ended and exchange.delivery.settled(each.sid)
