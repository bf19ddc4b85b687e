"""A chat with the dispatcher as the product would have it: each answer becomes a line, and what it remembers."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from conversations.ai.protocol import AI, CUSTOMER, EMERGENCY, NORMAL, Answer, Business, Line, Request, Slot
from conversations.ai.rules import RulesDispatcher

TEXT_BACK = (
    "Hi! I missed your call. This is Acme: text me here what you need and I'll get right back to you. "
    "Reply STOP to opt out."
)
WORKING_HOURS = (*((weekday, time(8), time(18)) for weekday in range(5)), (5, time(9), time(13)))

ACME = Business(
    name="Acme",
    trade="plumbing",
    language="en",
    timezone="America/New_York",
    service_area="Oakdale, Riverbank and Modesto (95350-95358)",
    job_estimates={
        "drain cleaning": {"min": 120, "max": 200},
        "water_heater_install": "from $1,400",
        "service call": 89,
    },
    hours=WORKING_HOURS,
    closures=((date(2026, 3, 20), date(2026, 3, 22)),),
)


def slots(zone: str, *starts: str, minutes: int = 60) -> tuple[Slot, ...]:
    """Slots from local starts such as `2026-03-04 15:00`."""
    at = [datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)) for start in starts]
    return tuple(Slot(start, start + timedelta(minutes=minutes)) for start in at)


@dataclass
class Chat:
    """It is Wednesday, March 4, 2026, 10:20 in the morning at the business."""

    business: Business = ACME
    now: str = "2026-03-04 10:20"
    free: tuple[str, ...] = (
        "2026-03-04 13:00",
        "2026-03-04 15:00",
        "2026-03-04 16:00",
        "2026-03-05 09:00",
        "2026-03-05 14:00",
        "2026-03-06 10:00",
        "2026-03-09 09:00",
    )
    language: str = "en"
    customer_name: str = ""
    lines: list[Line] = field(default_factory=list)
    job: dict[str, str] = field(default_factory=dict)
    urgency: str = NORMAL
    appointment: Slot | None = None
    visit: str = "requested"  # or confirmed
    answer: Answer | None = None
    asked: Request | None = None  # the newest request
    clock: datetime = field(init=False)

    def __post_init__(self):
        self.clock = datetime.fromisoformat(self.now).replace(tzinfo=ZoneInfo(self.business.timezone))
        self.lines.append(Line(AI, TEXT_BACK.replace("Acme", self.business.name), self.clock))

    def request(self) -> Request:
        return Request(
            conversation_id=1,
            tenant_id=1,
            messages=tuple(self.lines),
            business=self.business,
            now=self.clock,
            language=self.language,
            free_slots=slots(self.business.timezone, *self.free),
            appointment=self.appointment,
            appointment_status=self.visit if self.appointment else "",
            customer_name=self.customer_name,
            job=dict(self.job),
            urgency_level=self.urgency,
        )

    def hears(self, *bodies: str, media: tuple[str, ...] = ()) -> Answer:
        """The customer writes, and the dispatcher answers."""
        for body in bodies:
            self.clock += timedelta(seconds=20)
            self.lines.append(Line(CUSTOMER, body, self.clock, media))
        self.asked = self.request()
        answer = RulesDispatcher().answer(self.asked, deadline=2)
        if answer.message_to_customer:
            self.lines.append(Line(AI, answer.message_to_customer, self.clock))
        self.job, self.answer, self.language = dict(answer.job), answer, answer.language
        self.appointment = answer.appointment or self.appointment
        self.urgency = answer.urgency_level if answer.urgency_level == EMERGENCY else self.urgency
        return answer


def acme(**changes) -> Business:
    return replace(ACME, **changes)
