"""A business's visits as an iCalendar feed (RFC 5545), for calendar programs to subscribe to."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from icalendar import STATUS, Calendar, Event, vText

from conversations.booking.models import Appointment, CalendarFeed
from nevermisscall.lib import phones
from nevermisscall.lib.clock import utcnow
from nevermisscall.lib.text import xml_safe

PRODUCT = "-//NeverMissCall//Visits//EN"
KEPT = timedelta(days=60)  # how long a visit that is over stays in the feed
REFRESH = timedelta(minutes=15)  # what programs are asked for; most go by their own mind

_WORDS = {"en": ("Visit", "To be confirmed"), "es": ("Visita", "Por confirmar")}


def renew(feed: CalendarFeed) -> None:
    """Give the feed a new address and save it. The old one, if there was one, stops working."""
    token = secrets.token_urlsafe(32)
    feed.token, feed.token_hash, feed.renewed_at = token, digest(token), utcnow()
    feed.save()


def address(feed: CalendarFeed) -> str:
    """Return the URL to subscribe to. It is a password: whoever has it reads names, numbers and addresses."""
    return settings.PUBLIC_BASE_URL + reverse("calendar-feed", args=[feed.token])


def digest(token: str) -> str:
    """Return what a feed is found by. 32 random bytes need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def draw(feed: CalendarFeed) -> bytes:
    """Return the feed: open visits from two months ago on. The same visits give the same bytes."""
    tenant = feed.tenant
    calendar = Calendar.new(prodid=PRODUCT, uid=f"business-{tenant.pk}", refresh_interval=REFRESH)
    for name in ("NAME", "X-WR-CALNAME"):
        calendar.add(name, vText(_line(tenant.name)))
    visits = Appointment.objects.open().filter(tenant=tenant, ends_at__gt=utcnow() - KEPT)
    for appointment in visits.select_related("contact").order_by("starts_at", "pk"):
        calendar.add_component(_event(appointment, tenant.language))
    drawn: bytes = calendar.to_ical()
    return drawn


def _event(appointment: Appointment, language: str) -> Event:
    visit, unconfirmed = _WORDS[language]
    is_confirmed = appointment.status == Appointment.Status.CONFIRMED
    contact = appointment.contact
    number = phones.national(contact.number)
    title = f"{appointment.job_type.replace('_', ' ') or visit}: {contact.name or number}"
    return Event.new(
        uid=appointment.uid,
        start=appointment.starts_at,
        end=appointment.ends_at,
        # A feed is no message between programs, so its stamp is the last change (RFC 5545 §3.8.7.2).
        stamp=appointment.changed_at.replace(microsecond=0),
        last_modified=appointment.changed_at.replace(microsecond=0),
        created=appointment.created_at.replace(microsecond=0),
        sequence=appointment.revision,
        status=STATUS.CONFIRMED if is_confirmed else STATUS.TENTATIVE,
        summary=_line(title if is_confirmed else f"{unconfirmed}: {title}"),
        description=xml_safe(f"{number}\n{appointment.problem}".strip()),
        location=_line(appointment.address) or None,
    )


def _line(text: str) -> str:
    return " ".join(xml_safe(text).split())
