"""Every URL of the product."""

from django.contrib import admin
from django.urls import include, path

from nevermisscall import health
from nevermisscall.webhooks.status import StatusView

urlpatterns = [
    path("", include("calls.urls")),
    path("", include("sms.urls")),
    path("api/webhooks/status", StatusView.as_view(), name="status"),
    path("webhooks/twilio/sms/status", StatusView.as_view(), name="status-sms-alias"),
    path("webhooks/twilio/recording/status", StatusView.as_view(), name="status-recording-alias"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("admin/", admin.site.urls),
]
