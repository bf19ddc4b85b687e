"""Every URL of the product."""

from django.contrib import admin
from django.urls import include, path

from nevermisscall import health
from nevermisscall.api import errors
from nevermisscall.metrics import views as metrics
from nevermisscall.webhooks.status import StatusView

urlpatterns = [
    path("", include("calls.urls")),
    path("", include("calls.alerts.urls")),
    path("", include("sms.urls")),
    path("", include("calls.api.urls")),
    path("", include("sms.api.urls")),
    path("", include("sms.bulk.api.urls")),
    path("", include("conversations.api.urls")),
    path("", include("conversations.booking.api.urls")),
    path("", include("conversations.booking.urls")),
    path("", include("conversations.owner.urls")),
    path("", include("nevermisscall.api.contacts.urls")),
    path("", include("nevermisscall.api.urls")),
    path("api/webhooks/status", StatusView.as_view(), name="status"),
    path("webhooks/twilio/sms/status", StatusView.as_view(), name="status-sms-alias"),
    path("webhooks/twilio/recording/status", StatusView.as_view(), name="status-recording-alias"),
    path("metrics", metrics.metrics, name="metrics"),
    path("metrics/prometheus", metrics.prometheus, name="metrics-prometheus"),
    path("health", health.health, name="health"),
    path("twilio/health", health.health, name="health-alias"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("admin/", admin.site.urls),
]

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler500 = errors.server_error
