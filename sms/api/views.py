"""Texts: send one, and follow it."""

import uuid

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from nevermisscall.api.authentication import Access, Scope
from nevermisscall.api.idempotency import idempotent
from nevermisscall.api.views import ApiView
from sms import services
from sms.api.serializers import AcceptedSerializer, MessageFilter, MessageSerializer, SendSerializer
from sms.models import Message
from tenants import services as tenant_services
from tenants.compliance import Purpose
from tenants.models import PhoneNumber


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
    """The texts that a business sent, newest first."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "sms.view_message"}
    serializer_class = MessageSerializer

    @extend_schema(operation_id="messages_list", parameters=[MessageFilter])
    def get(self, request: Request) -> Response:
        return self.list(request)

    def get_queryset(self) -> QuerySet[Message]:
        wanted = self.read_query(MessageFilter)
        self.ordering = ["created_at", "id"] if wanted.pop("ordering") == "created_at" else ["-created_at", "-id"]
        return self.access.visible(Message.objects.matching(**wanted))


class MessageView(ApiView):
    """One text."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "sms.view_message"}
    serializer_class = MessageSerializer

    @extend_schema(operation_id="messages_retrieve", parameters=[OpenApiParameter("id", int, OpenApiParameter.PATH)])
    def get(self, request: Request, pk: int) -> Response:
        message = get_object_or_404(self.access.visible(Message.objects.all()), pk=pk)
        return Response(MessageSerializer(message).data)


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
