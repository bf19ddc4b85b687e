"""Voice webhooks. Paths are a contract with numbers configured at Twilio; no trailing slashes."""

from django.urls import path

from calls import views

app_name = "calls"

urlpatterns = [
    path("webhooks/twilio/call", views.CallView.as_view(), name="incoming"),
    path("api/calls/incoming", views.CallView.as_view(), name="incoming-alias"),
    path("webhooks/twilio/call/status/<str:call_sid>", views.DialActionView.as_view(), name="dial_action"),
    path("webhooks/twilio/call/screen/<str:call_sid>", views.ScreenView.as_view(), name="screen"),
    path("webhooks/twilio/call/screen/<str:call_sid>/accept", views.AcceptView.as_view(), name="accept"),
    path("webhooks/twilio/call/voicemail/<str:call_sid>", views.VoicemailView.as_view(), name="voicemail"),
]
