"""The calendar feed."""

from django.urls import path

from conversations.booking import views

urlpatterns = [
    path("calendar/<slug:token>.ics", views.calendar_feed, name="calendar-feed"),
]
