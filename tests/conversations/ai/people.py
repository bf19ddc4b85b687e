"""A business, its free times and what customers ask it: November 18, 2026, a Wednesday, ten in the morning."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from conversations.ai.protocol import Answer, Business, Line, Request, Slot

NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 11, 18, 10, tzinfo=NEW_YORK)
CUSTOMER_PHONE = "+14155550123"


def slot(day: int, start: int, end: int) -> Slot:
    """A time in November 2026, by the clocks of New York, kept in UTC as the database does."""
    return Slot(*(datetime(2026, 11, day, hour, tzinfo=NEW_YORK).astimezone(UTC) for hour in (start, end)))


THURSDAY_9, THURSDAY_14, FRIDAY_8 = slot(19, 9, 10), slot(19, 14, 15), slot(20, 8, 9)


def business(**changes) -> Business:
    return Business(
        **{
            "name": "Acme Plumbing",
            "trade": "plumbing",
            "language": "en",
            "timezone": "America/New_York",
            "service_area": "Springfield and Shelbyville",
            "job_estimates": {"drain cleaning": "$150-$250", "water heater": {"from": 900}, "service call": 89},
            "hours": [*((day, time(8), time(18)) for day in range(5)), (5, time(9), time(13))],
            "closures": [(date(2026, 11, 26), date(2026, 11, 27))],
            "contacts": ("+14155550100", "acmeplumbing.example"),
            **changes,
        }
    )


def line(body: str, sender: str = "customer", **changes) -> Line:
    return Line(**{"sender_type": sender, "body": body, "sent_at": NOW, **changes})


def request(*bodies: str, **changes) -> Request:
    """What the dispatcher is asked after our automatic text and the customer's `bodies`."""
    auto_text = line("Hi! I missed your call. This is Acme Plumbing: text me here what you need.", "ai")
    return Request(
        **{
            "conversation_id": 12,
            "tenant_id": 3,
            "messages": [auto_text, *(line(body) for body in bodies or ("Water heater burst in basement!",))],
            "business": business(),
            "now": NOW,
            "language": "en",
            "free_slots": (THURSDAY_9, THURSDAY_14, FRIDAY_8),
            "customer_phone": CUSTOMER_PHONE,
            **changes,
        }
    )


def answer(text: str = "Sorry to hear that! What's the address?", **changes) -> Answer:
    return Answer(
        **{
            "message_to_customer": text,
            "job_type": "plumbing_water_heater",
            "urgency_level": "urgent",
            "confidence": 0.9,
            **changes,
        }
    )


def answer_json(**changes):
    """A complete answer of DispatchBot; `changes` replace fields, and a field set to `...` is left out."""
    fields = {
        "success": True,
        "job_type": "plumbing_emergency",
        "urgency_level": "emergency",
        "emergency_detected": True,
        "confidence": 0.95,
        "message_to_customer": "This is an emergency: shut off the main valve if it's safe. What's the address?",
        "job": {"problem": "burst water heater", "floor": 1, "name": None},
        "appointment": None,
        "conversation_complete": False,
        "summary": "Water heater burst in the basement.",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not ...}
