"""Visits on a conversation's page: in its chat, and beside it a form to book one."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from conversations.admin_chat import Line, name_of, narrate, offer
from conversations.ai.protocol import Slot
from conversations.booking import services
from conversations.booking.models import Appointment
from conversations.models import Conversation
from nevermisscall.lib.admin import change_url
from nevermisscall.lib.clock import utcnow
from nevermisscall.lib.refusals import Refusal
from nevermisscall.outbox.admin import may_view

PERMISSION = "booking.change_appointment"
OFFERED = 80  # free times; half an hour apart that is about a week

How, Status = Appointment.How, Appointment.Status


@narrate
def visits(request: HttpRequest, conversation: Conversation) -> Iterator[Line]:
    """Tell of each visit when it was asked for, and what became of that."""
    if not may_view(request, Appointment):
        return
    for visit in conversation.appointments.select_related("decided_by"):
        when = _when(Slot(visit.starts_at, visit.ends_at), conversation)
        yield Line(visit.created_at, "Visit asked for", icon="event", note=when, url=change_url(visit))
        if visit.decided_at is not None:
            who = name_of(visit.decided_by) if visit.decided_by else visit.get_decided_how_display()
            told = f"Visit {visit.get_status_display().lower()}"
            yield Line(visit.decided_at, told, icon="event", note=f"{when} ({who})", url=change_url(visit))


@offer
def booking_form(request: HttpRequest, conversation: Conversation) -> SafeString:
    """Offer the free times to those who may decide on visits."""
    if not request.user.has_perm(PERMISSION):
        return SafeString()
    free = services.free_slots(tenant=conversation.tenant, now=utcnow(), limit=OFFERED)
    zone = ZoneInfo(conversation.tenant.timezone)
    days = [
        (day, [(slot.start.isoformat(), f"{slot.start.astimezone(zone):%H:%M}") for slot in slots])
        for day, slots in groupby(free, key=lambda slot: f"{slot.start.astimezone(zone):%A %d %B}")
    ]
    context = {"conversation": conversation, "days": days, "key": uuid.uuid4(), "job": conversation.job}
    return render_to_string("admin/booking/book.html", context, request)


@require_POST
def book(request: HttpRequest, pk: int) -> HttpResponse:
    """Book a visit in the customer's name, confirmed, and tell them. The form's key makes it one visit."""
    if not request.user.has_perm(PERMISSION):
        raise PermissionDenied
    conversation = get_object_or_404(Conversation.objects.select_related("tenant"), pk=pk)
    try:
        visit = _book(request, conversation)
    except Refusal as refusal:
        messages.error(request, f"Not booked: {refusal.message}.")
    else:
        when = _when(Slot(visit.starts_at, visit.ends_at), conversation)
        messages.success(request, f"Booked for {when}; the customer is told.")
    return HttpResponseRedirect(change_url(conversation))


@transaction.atomic
def _book(request: HttpRequest, conversation: Conversation) -> Appointment:
    assert isinstance(request.user, AbstractBaseUser), "the admin is for people who logged in"
    form = request.POST
    try:
        start, key = datetime.fromisoformat(form.get("start", "")), uuid.UUID(form.get("key", ""))
    except ValueError as error:
        raise Refusal("no_time", "choose a time") from error
    if start.tzinfo is None:
        raise Refusal("no_time", "choose a time")
    visit = services.request(
        conversation=conversation,
        start=start,
        key=f"admin:{key}",
        job_type=conversation.job_type,
        problem=form.get("problem", "").strip(),
        address=form.get("address", "").strip(),
    )
    if visit.status == Status.REQUESTED:
        visit = services.confirm(appointment=visit, how=How.ADMIN, user=request.user)
        page = admin.site.get_model_admin(Appointment)
        page.log_addition(request, visit, f"Booked from the page of conversation {conversation.pk}")
    return visit


def _when(slot: Slot, conversation: Conversation) -> str:
    zone = ZoneInfo(conversation.tenant.timezone)
    return f"{slot.start.astimezone(zone):%a %d %b %H:%M}–{slot.end.astimezone(zone):%H:%M}"
