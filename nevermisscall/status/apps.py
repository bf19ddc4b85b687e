"""The state of services outside."""

from django.apps import AppConfig


class StatusConfig(AppConfig):
    name = "nevermisscall.status"
    label = "status"
