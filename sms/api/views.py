"""Texts: send one, and follow it."""

import logging
import mimetypes
import uuid

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from nevermisscall.api.authentication import Access, Scope
from nevermisscall.api.idempotency import idempotent
from nevermisscall.api.views import ApiView
from nevermisscall.lib.refusals import Refusal
from sms import services
from sms.api.serializers import AcceptedSerializer, MessageFilter, MessageSerializer, SendSerializer
from sms.models import Message, MessageMedia
from tenants import services as tenant_services
from tenants.compliance import Purpose
from tenants.models import PhoneNumber

# What browsers show without running anything in it; the rest is for saving.
SHOWN_KINDS = ("image/", "audio/", "video/")

logger = logging.getLogger(__name__)


class SendView(ApiView):
    """Queue one text. It leaves within a second unless `send_at` or the recipient's quiet hours say later."""

    scopes = {"POST": Scope.WRITE}
    staff_permissions = {"POST": "sms.add_message"}
    serializer_class = SendSerializer

    @extend_schema(operation_id="sms_send", responses={202: AcceptedSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        wanted = self.read_body(SendSerializer)
        message = services.send_message(
            number=sender(self.access, wanted.get("from")),
            to_number=wanted["to"],
            body=wanted["body"],
            purpose=wanted["purpose"],
            # Repeats are caught by `idempotent`, for as long as it remembers; here every request is a new text.
            idempotency_key=f"api:{uuid.uuid4()}",
            sender_type=_sender_type(wanted["purpose"]),
            send_at=wanted.get("send_at"),
            media_urls=wanted.get("media") or (),
        )
        return Response(AcceptedSerializer(message).data, status=202)


class MessageListView(ListModelMixin, ApiView):
    """The texts that a business sent and got, newest first."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "sms.view_message"}
    serializer_class = MessageSerializer

    @extend_schema(operation_id="messages_list", parameters=[MessageFilter])
    def get(self, request: Request) -> Response:
        return self.list(request)

    def get_queryset(self) -> QuerySet[Message]:
        wanted = self.read_query(MessageFilter)
        self.ordering = ["created_at", "id"] if wanted.pop("ordering") == "created_at" else ["-created_at", "-id"]
        return self.access.visible(Message.objects.matching(**wanted)).prefetch_related("media")


class MessageView(ApiView):
    """One text."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "sms.view_message"}
    serializer_class = MessageSerializer

    @extend_schema(operation_id="messages_retrieve", parameters=[OpenApiParameter("id", int, OpenApiParameter.PATH)])
    def get(self, request: Request, pk: int) -> Response:
        message = get_object_or_404(self.access.visible(Message.objects.all()), pk=pk)
        return Response(MessageSerializer(message).data)


class MediaView(ApiView):
    """One file that came with a text: our own copy. 409 while it has not been fetched, or if it was not kept."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "sms.view_message"}

    @extend_schema(
        operation_id="messages_media",
        parameters=[
            OpenApiParameter("id", int, OpenApiParameter.PATH),
            OpenApiParameter("position", int, OpenApiParameter.PATH, description="0 to 9."),
        ],
        responses={(200, "*/*"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, pk: int, position: int) -> FileResponse:
        message = get_object_or_404(self.access.visible(Message.objects.all()), pk=pk)
        media = get_object_or_404(message.media.all(), position=position)
        return _file(media)


def sender(access: Access, wanted: str | None) -> PhoneNumber:
    """Return the number that sends: the one wanted, or the business's primary one. Raises `ValidationError`."""
    if access.tenant is None and wanted is None:
        raise ValidationError({"from": "is needed here: this key is not of one business"})
    number = tenant_services.sending_number(access.visible(PhoneNumber.objects.all()), wanted)
    if number is None:
        raise ValidationError({"from": "is no number of this business" if wanted else "the business has no number"})
    return number


def _sender_type(purpose: str) -> Message.SenderType:
    return Message.SenderType.USER if purpose == Purpose.REPLY else Message.SenderType.SYSTEM


def _file(media: MessageMedia) -> FileResponse:
    """Return a stored file. Its type is one of those we keep (`nevermisscall.twilio.media`), none of them HTML."""
    if media.state == MessageMedia.State.REFUSED:
        raise Refusal("media_refused", f"this file was not kept: {media.refusal}")
    if media.state == MessageMedia.State.PENDING:
        raise Refusal("media_pending", "this file has not been fetched from Twilio yet; ask again in a few seconds")
    try:
        file = media.file.open()
    except FileNotFoundError as error:
        logger.error("a stored file of a text is not there: is MEDIA_ROOT shared?", extra={"media_id": media.pk})
        raise Http404 from error
    name = f"text-{media.message_id}-{media.position}{mimetypes.guess_extension(media.content_type) or ''}"
    response = FileResponse(
        file,
        content_type=media.content_type,
        filename=name,
        as_attachment=not media.content_type.startswith(SHOWN_KINDS),
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, max-age=3600"
    return response
