"""The floor: an empty view behind the request log. What gunicorn, Django and one log line cost in the same process."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def empty(request: HttpRequest) -> HttpResponse:
    """Answer as a webhook does, without doing anything."""
    return HttpResponse('<?xml version="1.0" encoding="UTF-8"?>\n<Response></Response>', content_type="text/xml")


urlpatterns = [re_path("", empty)]

settings.ROOT_URLCONF = __name__
settings.MIDDLEWARE = ["nevermisscall.lib.logs.RequestLogMiddleware"]  # the only one that does anything for webhooks

from nevermisscall.wsgi import application  # noqa: E402, F401 - gunicorn serves it
