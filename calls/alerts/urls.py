"""Webhooks of alert calls; no trailing slashes."""

from django.urls import path

from calls.alerts import views

app_name = "alerts"

urlpatterns = [
    path("webhooks/twilio/alert/<str:token>", views.WordsView.as_view(), name="words"),
    path("webhooks/twilio/alert/<str:token>/press", views.PressView.as_view(), name="press"),
    path("webhooks/twilio/alert/<str:token>/press/again", views.PressAgainView.as_view(), name="press_again"),
    path("webhooks/twilio/alert/<str:token>/connection", views.ConnectionView.as_view(), name="connection"),
    path("webhooks/twilio/alert/<str:token>/progress", views.ProgressView.as_view(), name="progress"),
]
