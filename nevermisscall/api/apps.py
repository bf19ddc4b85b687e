"""The ground that the endpoints under `/api/` stand on (docs/api.md)."""

from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "nevermisscall.api"
    label = "api"

    def ready(self) -> None:
        from nevermisscall.api import schema  # noqa: F401 - drf-spectacular knows its extensions once they are imported
