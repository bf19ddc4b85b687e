"""What a dispatcher gets to know of a conversation."""

from django.db.models import QuerySet

from conversations.ai.protocol import AI, CUSTOMER, USER, Business, Line, Request, Slot
from conversations.booking import services as booking
from conversations.booking.models import Appointment
from conversations.models import Conversation, Entry
from nevermisscall.lib.clock import utcnow
from sms.models import Message, Status
from tenants.models import Contact, Tenant

WINDOW = 30  # lines; what came before is in the summary and the job
SLOTS = 400  # two weeks of them

_SENDERS = {
    Message.SenderType.CUSTOMER: CUSTOMER,
    Message.SenderType.USER: USER,
    Message.SenderType.AI: AI,
    Message.SenderType.SYSTEM: AI,  # automatic texts are the assistant's, as the customer sees it
}
_NEVER_LEFT = {Status.CANCELED, Status.EXPIRED, Status.FAILED}


def describe(conversation: Conversation) -> Request:
    """Return the question to a dispatcher about a conversation, which has its tenant and contact at hand."""
    tenant, contact = conversation.tenant, conversation.contact
    now = utcnow()
    visit = open_visit(contact)
    lines = _lines(conversation)
    return Request(
        conversation_id=conversation.pk,
        tenant_id=tenant.pk,
        messages=lines,
        business=_business(tenant),
        now=now,
        language=conversation.language or contact.language or tenant.language,
        free_slots=booking.free_slots(tenant=tenant, now=now, limit=SLOTS),
        busy=booking.busy(tenant=tenant, now=now),
        appointment=Slot(visit.starts_at, visit.ends_at) if visit else None,
        appointment_status=visit.status if visit else "",
        customer_name=contact.name,
        customer_phone=conversation.customer_phone,
        job={name: str(value) for name, value in conversation.job.items()},
        summary=conversation.summary,
        urgency_level=conversation.urgency_level,
        bypass_timer=conversation.urgency_level == Conversation.Urgency.EMERGENCY,
        introduced=len(lines) == WINDOW and _texts_of(conversation).filter(message__sender_type="ai").exists(),
    )


def open_visit(contact: Contact) -> Appointment | None:
    """Return the customer's next visit that is asked for or agreed."""
    return Appointment.objects.open().filter(contact=contact, starts_at__gt=utcnow()).order_by("starts_at").first()


def _lines(conversation: Conversation) -> list[Line]:
    texts = _texts_of(conversation).select_related("message").prefetch_related("message__media")
    return [_line(entry) for entry in reversed(texts.order_by("-created_at", "-pk")[:WINDOW])]


def _texts_of(conversation: Conversation) -> QuerySet[Entry]:
    texts = Entry.objects.filter(conversation=conversation, message__isnull=False)
    return texts.exclude(message__status__in=_NEVER_LEFT)


def _line(entry: Entry) -> Line:
    message = entry.message
    assert message is not None, "the query leaves out entries about calls"
    return Line(
        sender_type=_SENDERS[Message.SenderType(message.sender_type)],
        body=message.body,
        sent_at=entry.created_at,
        media=tuple(media.content_type for media in message.media.all()),
    )


def _business(tenant: Tenant) -> Business:
    return Business(
        name=tenant.name,
        trade=tenant.trade,
        language=tenant.language,
        timezone=tenant.timezone,
        service_area=tenant.service_area,
        job_estimates=tenant.job_estimates,
        hours=list(tenant.hours.values_list("weekday", "opens_at", "closes_at")),
        closures=list(tenant.closures.values_list("starts_on", "ends_on")),
        contacts=list(tenant.numbers.values_list("number", flat=True)),
    )
