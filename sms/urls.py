"""Message webhooks. Paths are a contract with numbers configured at Twilio; no trailing slashes."""

from django.urls import path

from sms import views

app_name = "sms"

urlpatterns = [
    path("webhooks/twilio/sms", views.TextView.as_view(), name="incoming"),
]
