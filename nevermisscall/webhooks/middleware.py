"""Webhooks go past what only people's requests need: sessions, CSRF, login, messages, headers for browsers."""

from collections.abc import Callable
from time import perf_counter

from django.http import HttpRequest, HttpResponseBase
from django.urls import Resolver404, resolve

from nevermisscall.webhooks import timing
from nevermisscall.webhooks.views import TwilioWebhookView


class WebhookLane:
    """Call the view of a Twilio endpoint directly; hand every other request on. Placed right after the request log."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        view_class = getattr(match.func, "view_class", None)
        if view_class is None or not issubclass(view_class, TwilioWebhookView):
            return self.get_response(request)
        request.resolver_match = match
        started = perf_counter()
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        timing.note(view_class.kind, seconds=perf_counter() - started, status_code=response.status_code)
        return response
