"""What the customer is told about their visit."""

import logging
from datetime import datetime
from zoneinfo import ZoneInfo

from conversations import alerts, threads
from conversations.booking.models import Appointment
from sms import services as sms_services
from sms.models import Message
from sms.services import TextRefused
from tenants import services as tenant_services
from tenants import texts
from tenants.compliance import Purpose
from tenants.models import PhoneNumber

_DAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
}
_MONTHS = {
    "en": "January February March April May June July August September October November December",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
}

logger = logging.getLogger(__name__)


def tell_customer(appointment: Appointment) -> None:
    """Text the customer how it stands with their visit, once for each status.

    If the gate refuses, because they opted out say, the visit is what it is all the same. Nobody just asked about a
    request that ran out: that text waits for the customer's daytime.
    """
    conversation = appointment.conversation
    ran_out = appointment.status == Appointment.Status.EXPIRED
    number = _sender(appointment)
    if number is None:
        logger.error("the customer cannot be told of their visit: give the business a number that can send texts")
        return
    try:
        message = sms_services.send_message(
            number=number,
            to_number=appointment.contact.number,
            body=words(appointment),
            purpose=Purpose.NOTICE if ran_out else Purpose.REPLY,
            idempotency_key=f"appointment:{appointment.pk}:{appointment.status}",
        )
    except TextRefused as refusal:
        logger.warning("the customer may not be told of their visit", extra={"rule": refusal.verdict.rule})
        return
    if conversation is not None:
        threads.add_sent(conversation, message)


def tell_owner_of_expiry(appointment: Appointment) -> None:
    """Text the owner that a time which they left unconfirmed is free again, once."""
    conversation = appointment.conversation
    if conversation is not None:
        tenant = appointment.tenant
        alerts.tell(
            conversation,
            template="owner_visit_expired",
            key=f"appointment:{appointment.pk}:expired",
            values={"when": when(appointment.starts_at, tenant.timezone, tenant.language)},
        )


def withdraw(appointment: Appointment) -> None:
    """Take back what the customer was to be told and has not left yet: it is no longer so."""
    keys = [f"appointment:{appointment.pk}:{status}" for status in Appointment.Status.values]
    sms_services.withdraw(Message.objects.filter(tenant_id=appointment.tenant_id, idempotency_key__in=keys))


def words(appointment: Appointment) -> str:
    """Return how it stands with a visit, as the customer is told: in their language, by the business's clock."""
    tenant, conversation = appointment.tenant, appointment.conversation
    language = (conversation and conversation.language) or appointment.contact.language or tenant.language
    return texts.render(
        tenant_id=tenant.pk,
        key=f"appointment_{appointment.status}",
        language=language,
        values={"business": tenant.name, "when": when(appointment.starts_at, tenant.timezone, language)},
    )


def when(moment: datetime, zone: str, language: str) -> str:
    """Return a time as people say it: `Tuesday, January 6 at 10:00 AM`, `martes 6 de enero a las 10:00 a. m.`."""
    local = moment.astimezone(ZoneInfo(zone))
    known = language if language in _DAYS else "en"
    day, month = _DAYS[known].split()[local.weekday()], _MONTHS[known].split()[local.month - 1]
    clock = f"{local.hour % 12 or 12}:{local:%M}"
    if known == "es":
        at = "a la" if local.hour % 12 == 1 else "a las"
        return f"{day} {local.day} de {month} {at} {clock} {'a. m.' if local.hour < 12 else 'p. m.'}"
    return f"{day}, {month} {local.day} at {clock} {'AM' if local.hour < 12 else 'PM'}"


def _sender(appointment: Appointment) -> PhoneNumber | None:
    """Return the number that the customer wrote to, or the business's primary one if that is not to be had."""
    numbers = PhoneNumber.objects.filter(tenant_id=appointment.tenant_id)
    conversation = appointment.conversation
    own = numbers.filter(pk=conversation.phone_number_id) if conversation else numbers.none()
    return tenant_services.sending_number(own, None) or tenant_services.sending_number(numbers, None)
