"""Visits in the API."""

from conversations.booking.api import views
from nevermisscall.api.routes import endpoint

urlpatterns = [
    *endpoint("api/appointments/", views.AppointmentListView, "appointment-list"),
    *endpoint("api/appointments/<int:pk>", views.AppointmentView, "appointment"),
    *endpoint("api/appointments/<int:pk>/confirm", views.ConfirmView, "appointment-confirm"),
    *endpoint("api/appointments/<int:pk>/decline", views.DeclineView, "appointment-decline"),
    *endpoint("api/appointments/<int:pk>/cancel", views.CancelView, "appointment-cancel"),
    *endpoint("api/slots/", views.SlotsView, "slot-list"),
    *endpoint("api/busy-times/", views.BusyTimeListView, "busy-time-list"),
    *endpoint("api/busy-times/<int:pk>", views.BusyTimeView, "busy-time"),
]
