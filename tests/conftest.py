"""Fixtures for everything: real PostgreSQL and Redis, really signed webhooks, a Twilio on a socket."""

import os

import django

from nevermisscall.dev.testing import provide_test_services

provide_test_services()
os.environ["DJANGO_SETTINGS_MODULE"] = "nevermisscall.settings"
os.environ["PUBLIC_BASE_URL"] = "https://nmc.example.com"
os.environ["TWILIO_ACCOUNT_SID"] = "AC" + "0" * 32
os.environ["TWILIO_AUTH_TOKEN"] = "primary-token"
os.environ["TWILIO_AUTH_TOKEN_SECONDARY"] = "secondary-token"
os.environ["SMS_DAYTIME_HOURS"] = "0,24"  # the tests run at night too; those of quiet hours set their own

django.setup()  # the fixtures below import models

import nevermisscall.celery  # noqa: E402, F401 - as wsgi.py does: the doorbell publishes through this app

pytest_plugins = [
    "tests.fixtures.people",
    "tests.fixtures.webhooks",
    "tests.fixtures.twilio_api",
    "tests.fixtures.logs",
    "tests.fixtures.journal",
    "tests.faults.report",
]
