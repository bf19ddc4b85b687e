"""What to do with a call that arrives, decided from the routing snapshot alone: it also works without a database."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from calls.models import Call
from calls.serializers import CallWebhook
from nevermisscall.lib import phones
from tenants.models import Tenant
from tenants.routing import Route


class Answering(StrEnum):
    """The experiences a caller can have; each is a template in `templates/twiml/calls/`."""

    DIAL = "dial_business.xml"
    MISSED = "missed.xml"
    VOICEMAIL = "voicemail.xml"
    UNKNOWN_NUMBER = "unknown_number.xml"
    UNAVAILABLE = "unavailable.xml"
    OWN_PHONE = "own_phone.xml"
    LOOP = "loop.xml"


@dataclass(frozen=True, slots=True)
class Plan:
    """How one call is answered. `outcome` and `missed_reason` are blank while it rings."""

    answering: Answering
    route: Route | None = None
    outcome: str = ""
    missed_reason: str = ""
    context: dict[str, Any] = field(default_factory=dict)


def plan(webhook: CallWebhook, route: Route | None, *, at: datetime, is_ringing: Callable[[CallWebhook], bool]) -> Plan:
    """Say how to answer `webhook` at `at`.

    `is_ringing` tells whether the same caller's call is being forwarded right now; it is asked only when the owner's
    phone forwarded this call back to us.
    """
    # A number is answered only for the account that owns it: another account's signature proves nothing about it.
    if route is None or route.account.account_sid != webhook.account_sid:
        return _refuse(Answering.UNKNOWN_NUMBER, None)
    if not route.is_active:
        return _refuse(Answering.UNAVAILABLE, route)
    # The owner's phone may pass its unanswered calls on to us. Ringing it again would go round in circles. One that
    # shows our own number is always a call of ours that came back: a withheld customer's, or one that we placed.
    passed_on = _is_theirs(webhook.forwarded_from, route)
    if webhook.from_number == route.number or (passed_on and is_ringing(webhook)):
        return _refuse(Answering.LOOP, route)
    if webhook.from_number in route.known_phones:
        return _refuse(Answering.OWN_PHONE, route)
    if passed_on:
        return _miss(route, Call.MissedReason.NO_ANSWER)
    if not route.rings_at(at):
        return _miss(route, Call.MissedReason.AFTER_HOURS)
    if not route.owners:
        return _miss(route, Call.MissedReason.NO_FORWARDING)
    return Plan(Answering.DIAL, route, context=_dial_context(webhook, route))


def after_a_miss(route: Route | None) -> Answering:
    """Say what a caller whom nobody answered hears."""
    if route is not None and route.missed_call_action == Tenant.MissedCallAction.VOICEMAIL:
        return Answering.VOICEMAIL
    return Answering.MISSED


def _is_theirs(number: str, route: Route) -> bool:
    """Tell whether `number`, in whatever spelling the forwarding carrier uses, is one of the business's phones."""
    if not number or number in route.known_phones:
        return bool(number)
    try:
        return phones.normalise(number) in route.known_phones
    except ValueError:
        return False


def _dial_context(webhook: CallWebhook, route: Route) -> dict[str, Any]:
    return {
        "owners": route.owners,
        "timeout": route.ring_timeout_seconds,
        "in_order": route.ring_strategy == Tenant.RingStrategy.IN_ORDER and len(route.owners) > 1,
        "screening": route.answer_screening,
        # Carriers refuse a call whose caller ID is no number (error 13214), so a withheld caller shows as the business.
        "caller_id": "" if phones.is_presentable(webhook.from_number) else route.number,
    }


def _miss(route: Route, reason: str) -> Plan:
    return Plan(after_a_miss(route), route, Call.Outcome.MISSED, reason)


def _refuse(answering: Answering, route: Route | None) -> Plan:
    return Plan(answering, route, Call.Outcome.REFUSED)
