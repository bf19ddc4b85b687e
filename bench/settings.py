"""The product's settings as in production, as far as one machine allows: its JSON log, but http and loopback."""

from nevermisscall.settings import *  # noqa: F403 - a settings module is its names
from nevermisscall.settings import INSTALLED_APPS, LOGGING

LOGGING["handlers"]["stream"]["formatter"] = "json"
INSTALLED_APPS = [*INSTALLED_APPS, "bench.apps.BenchConfig"]
