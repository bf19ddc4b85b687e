"""Batches: check, preview, start, watch, hold, stop, and take the results home."""

import csv
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from nevermisscall.api.authentication import Scope
from nevermisscall.api.idempotency import idempotent
from nevermisscall.api.views import ApiView
from nevermisscall.lib.spreadsheets import harmless
from sms.api.views import sender
from sms.bulk import rows, services
from sms.bulk.api.parsers import BatchForm, BatchJson
from sms.bulk.api.serializers import (
    NEW_BATCH,
    BatchFilter,
    BatchProgressSerializer,
    BatchSerializer,
    NewBatchSerializer,
    PreviewSerializer,
)
from sms.bulk.models import Batch, Recipient

_ID = OpenApiParameter("id", int, OpenApiParameter.PATH)


class BatchListView(ListModelMixin, ApiView):
    """Batches, newest first; or a new one. A batch with a bad row is refused whole, with every fault."""

    scopes = {"GET": Scope.READ, "POST": Scope.WRITE}
    staff_permissions = {"GET": "bulk.view_batch", "POST": "bulk.add_batch"}
    parser_classes = [BatchJson, BatchForm]
    serializer_class = BatchSerializer

    @extend_schema(operation_id="bulk_list", parameters=[BatchFilter])
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(operation_id="bulk_create", request=NEW_BATCH, responses={202: BatchSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        wanted = self.read_body(NewBatchSerializer)
        try:
            batch = services.create_batch(
                number=sender(self.access, wanted.get("from")),
                body=wanted["body"],
                rows=wanted["recipients"],
                purpose=wanted["purpose"],
                name=wanted["name"],
                send_at=wanted["send_at"],
            )
        except rows.BadRows as bad:
            raise _every_fault(bad) from bad
        except ValueError as error:
            raise ValidationError({"recipients": str(error)}) from error
        return Response(BatchSerializer(batch).data, status=202)

    def get_queryset(self) -> QuerySet[Batch]:
        wanted = self.read_query(BatchFilter)
        self.ordering = ["created_at", "id"] if wanted.pop("ordering") == "created_at" else ["-created_at", "-id"]
        return self.access.visible(Batch.objects.filter(**wanted))


class PreviewView(ApiView):
    """The first three texts as they would be sent. Nothing is stored."""

    scopes = {"POST": Scope.READ}
    staff_permissions = {"POST": "bulk.view_batch"}
    parser_classes = [BatchJson, BatchForm]
    serializer_class = NewBatchSerializer
    pagination_class = None

    @extend_schema(operation_id="bulk_preview", request=NEW_BATCH, responses={200: PreviewSerializer(many=True)})
    def post(self, request: Request) -> Response:
        wanted = self.read_body(NewBatchSerializer)
        try:
            return Response(services.preview(body=wanted["body"], rows=wanted["recipients"]))
        except rows.BadRows as bad:
            raise _every_fault(bad) from bad


class BatchView(ApiView):
    """One batch and how far it is."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "bulk.view_batch"}
    serializer_class = BatchProgressSerializer

    @extend_schema(operation_id="bulk_retrieve", parameters=[_ID])
    def get(self, request: Request, pk: int) -> Response:
        return _shown(self.batch(pk))

    def batch(self, pk: int) -> Batch:
        """Return the batch; 404 if it is somebody else's."""
        return get_object_or_404(self.access.visible(Batch.objects.all()), pk=pk)


class _MoveView(BatchView):
    scopes = {"POST": Scope.WRITE}
    staff_permissions = {"POST": "bulk.change_batch"}
    http_method_names = ["post", "options"]

    def move(self, batch: Batch) -> None:
        raise NotImplementedError

    def post(self, request: Request, pk: int) -> Response:
        batch = self.batch(pk)
        self.move(batch)
        batch.refresh_from_db()
        return _shown(batch)


@extend_schema_view(post=extend_schema(operation_id="bulk_pause", parameters=[_ID], request=None))
class PauseView(_MoveView):
    """Hold the batch: nothing more of it leaves."""

    def move(self, batch: Batch) -> None:
        services.pause(batch)


@extend_schema_view(post=extend_schema(operation_id="bulk_resume", parameters=[_ID], request=None))
class ResumeView(_MoveView):
    """Let a paused batch go on."""

    def move(self, batch: Batch) -> None:
        services.resume(batch)


@extend_schema_view(post=extend_schema(operation_id="bulk_cancel", parameters=[_ID], request=None))
class CancelView(_MoveView):
    """Stop the batch for good."""

    def move(self, batch: Batch) -> None:
        services.cancel(batch)


class ResultsView(BatchView):
    """Every recipient and what became of them, as a CSV file that is safe to open in a spreadsheet."""

    COLUMNS = ("row", "to", "status", "refusal", "error_code", "sent_at", "delivered_at")

    @extend_schema(
        operation_id="bulk_results", parameters=[_ID], responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)}
    )
    def get(self, request: Request, pk: int) -> Any:
        batch = self.batch(pk)
        answer = StreamingHttpResponse(self._lines(batch), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="batch-{batch.pk}.csv"'
        return answer

    def _lines(self, batch: Batch) -> Iterator[str]:
        writer = csv.writer(_Echo())
        yield writer.writerow(self.COLUMNS)
        found = Recipient.objects.filter(batch=batch).select_related("message").order_by("row")
        for recipient in found.iterator(chunk_size=2000):
            message = recipient.message
            status = message.status if message else "refused" if recipient.refusal else "waiting"
            rest = (message.error_code, message.sent_at, message.delivered_at) if message else ("", "", "")
            values = (recipient.row, recipient.to_number, status, recipient.refusal, *rest)
            yield writer.writerow([harmless(value) for value in values])


class _Echo:
    """A file for `csv.writer` that hands each line back."""

    def write(self, line: str) -> str:
        return line


def _shown(batch: Batch) -> Response:
    return Response({**BatchSerializer(batch).data, "progress": services.progress(batch)})


def _every_fault(bad: rows.BadRows) -> ValidationError:
    found: dict[str, dict[str, str]] = {}
    for fault in bad.faults:
        found.setdefault(str(fault.row), {})[fault.field or "row"] = fault.message
    return ValidationError({"recipients": found})
