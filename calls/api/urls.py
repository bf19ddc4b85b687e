"""Calls in the API."""

from django.urls import register_converter
from django.urls.converters import StringConverter

from calls.api import views
from nevermisscall.api.routes import endpoint


class CallRef(StringConverter):
    """Our id or Twilio's CallSid, and so not the `incoming` of the webhook beside it."""

    regex = "[0-9]+|CA[0-9a-fA-F]{32}"


register_converter(CallRef, "call_ref")

urlpatterns = [
    *endpoint("api/calls/", views.CallListView, "call-list"),
    *endpoint("api/calls/<call_ref:ref>", views.CallView, "call"),
]
