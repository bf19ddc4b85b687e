"""The calendar feed, for programs that know nothing but its address."""

import hashlib

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from conversations.booking import calendars
from conversations.booking.models import CalendarFeed


@require_safe
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """Answer with the business's visits; 304 if the program has them as they are; 404 for an unknown address."""
    feed = get_object_or_404(CalendarFeed.objects.select_related("tenant"), token_hash=calendars.digest(token))
    drawn = calendars.draw(feed)
    etag = f'"{hashlib.sha256(drawn).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=60"}
    answer = HttpResponse(drawn, content_type="text/calendar; charset=utf-8", headers=headers)
    return get_conditional_response(request, etag=etag, response=answer) or answer
