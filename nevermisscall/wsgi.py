"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from nevermisscall.celery import app as celery_app  # noqa: F401 - the doorbell publishes through the current app

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nevermisscall.settings")

application = get_wsgi_application()
