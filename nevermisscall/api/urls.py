"""The API's description of itself. Endpoints are with the apps they are about: `<app>/api/urls.py`."""

from django.urls import path

from nevermisscall.api.schema import DocsView, SchemaView

urlpatterns = [
    path("api/schema", SchemaView.as_view()),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/docs", DocsView.as_view()),
    path("api/docs/", DocsView.as_view(), name="docs"),
]
