"""Batches in the API."""

from nevermisscall.api.routes import endpoint
from sms.bulk.api import views

urlpatterns = [
    *endpoint("api/sms/bulk", views.BatchListView, "bulk-list"),
    *endpoint("api/sms/bulk/preview", views.PreviewView, "bulk-preview"),
    *endpoint("api/sms/bulk/<int:pk>", views.BatchView, "bulk"),
    *endpoint("api/sms/bulk/<int:pk>/pause", views.PauseView, "bulk-pause"),
    *endpoint("api/sms/bulk/<int:pk>/resume", views.ResumeView, "bulk-resume"),
    *endpoint("api/sms/bulk/<int:pk>/cancel", views.CancelView, "bulk-cancel"),
    *endpoint("api/sms/bulk/<int:pk>/results", views.ResultsView, "bulk-results"),
]
