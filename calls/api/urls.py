"""Calls in the API."""

from calls.api import views
from nevermisscall.api.routes import endpoint

urlpatterns = [
    *endpoint("api/calls/", views.CallListView, "call-list"),
    *endpoint("api/calls/<str:ref>", views.CallView, "call"),
]
