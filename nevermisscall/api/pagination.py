"""Pages that stay right while rows are added: `{"next", "previous", "results"}`, both links or null."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as InvalidValue
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class CursorPages(CursorPagination):
    """50 rows a page. A list view says by `ordering` what comes first; the column should be indexed and hardly tie."""

    page_size = 50

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> tuple[str, ...]:
        return tuple(view.ordering)

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        try:
            page: list[Any] | None = super().paginate_queryset(queryset, request, view)
        except (NotFound, InvalidValue, ValueError) as error:
            # A cursor is ours, so one that cannot be read was cut off or made up.
            raise ValidationError({"cursor": "is not a cursor of this list; follow `next` and `previous`"}) from error
        # Not from the Host header, which anybody can set.
        self.base_url = settings.PUBLIC_BASE_URL + request.get_full_path()
        return page

    def decode_cursor(self, request: Request) -> Any:
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is None and not cursor.offset:
            raise NotFound  # decodes, to nothing: to begin anew would send whoever follows it round in circles
        return cursor

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }
