"""Calls, read only."""

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from calls.api.serializers import CallFilter, CallSerializer
from calls.models import Call
from nevermisscall.api.authentication import Scope
from nevermisscall.api.views import ApiView


class CallListView(ListModelMixin, ApiView):
    """The calls of a business, newest first."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "calls.view_call"}
    serializer_class = CallSerializer

    @extend_schema(operation_id="calls_list", parameters=[CallFilter])
    def get(self, request: Request) -> Response:
        return self.list(request)

    def get_queryset(self) -> QuerySet[Call]:
        wanted = self.read_query(CallFilter)
        # Across businesses there is no index by time; ids grow with it.
        column = "id" if self.access.tenant is None else "started_at"
        self.ordering = [column, "id"] if wanted.pop("ordering") == "started_at" else [f"-{column}", "-id"]
        return self.access.visible(Call.objects.matching(**wanted))


class CallView(ApiView):
    """One call."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "calls.view_call"}
    serializer_class = CallSerializer

    @extend_schema(
        operation_id="calls_retrieve",
        parameters=[OpenApiParameter("ref", str, OpenApiParameter.PATH, description="Our id or Twilio's CallSid.")],
    )
    def get(self, request: Request, ref: str) -> Response:
        by = {"pk": ref} if ref.isdecimal() else {"call_sid": ref}
        call = get_object_or_404(self.access.visible(Call.objects.all()), **by)
        return Response(CallSerializer(call).data)
