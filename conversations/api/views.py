"""Conversations: find them, read them, take one over, answer in it, hand it back, end it."""

import uuid
from typing import Any, cast

from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from conversations import ownership
from conversations.api.serializers import (
    SHOWN,
    CompleteSerializer,
    ConversationDetailSerializer,
    ConversationFilter,
    ConversationSerializer,
    LineFilter,
    LineSerializer,
    MovedSerializer,
    MoveSerializer,
    ReplySerializer,
)
from conversations.models import Conversation
from nevermisscall.api.authentication import Scope
from nevermisscall.api.idempotency import idempotent
from nevermisscall.api.views import ApiView
from sms.models import Message
from tenants import services as tenant_services

_ID = OpenApiParameter("id", int, OpenApiParameter.PATH)


class ConversationListView(ListModelMixin, ApiView):
    """The conversations of a business, the one in which something happened last first. Their messages are not in it."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "conversations.view_conversation"}
    serializer_class = ConversationSerializer

    @extend_schema(operation_id="conversations_list", parameters=[ConversationFilter])
    def get(self, request: Request) -> Response:
        return self.list(request)

    def get_queryset(self) -> QuerySet[Conversation]:
        wanted = self.read_query(ConversationFilter)
        sign = "" if wanted.pop("ordering") == "last_activity" else "-"
        self.ordering = [f"{sign}last_activity", f"{sign}id"]
        return self.access.visible(Conversation.objects.matching(**wanted))


class _OneView(ApiView):
    def conversation(self, pk: int) -> Conversation:
        """Return the conversation; 404 if it is somebody else's."""
        return get_object_or_404(self.access.visible(Conversation.objects.all()), pk=pk)


class ConversationView(_OneView):
    """One conversation with its newest messages."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "conversations.view_conversation"}
    serializer_class = ConversationDetailSerializer

    @extend_schema(operation_id="conversations_retrieve", parameters=[_ID])
    def get(self, request: Request, pk: int) -> Response:
        return Response(_shown(self.conversation(pk)))


class MessageListView(ListModelMixin, _OneView):
    """All messages of one conversation, newest first."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "conversations.view_conversation"}
    serializer_class = LineSerializer

    @extend_schema(operation_id="conversations_messages", parameters=[_ID, LineFilter])
    def get(self, request: Request, pk: int) -> Response:
        return self.list(request)

    def get_queryset(self) -> QuerySet[Message]:
        sign = "" if self.read_query(LineFilter)["ordering"] == "created_at" else "-"
        self.ordering = [f"{sign}created_at", f"{sign}id"]
        return _messages(self.conversation(self.kwargs["pk"]))


class _ActionView(_OneView):
    """Something that a person does in a conversation."""

    scopes = {"POST": Scope.WRITE}
    staff_permissions = {"POST": "conversations.change_conversation"}

    def person(self, conversation: Conversation, wanted: dict[str, Any]) -> User | None:
        """Return who does it: the one named; else the person of the staff who asks; None if a key names nobody."""
        user_id = wanted.get("user_id")
        asks = cast(User, self.request.user) if self.access.key_id is None else None
        if user_id is None or (asks is not None and user_id == asks.pk):
            return asks
        person = tenant_services.member(tenant_id=conversation.tenant_id, user_id=user_id)
        if person is None:
            raise NotFound("user_id is nobody who may act for this business: give them a membership in the admin")
        return person


class TakeoverView(_ActionView):
    """Give the conversation to a person: the AI is silent from then on."""

    serializer_class = MoveSerializer

    @extend_schema(operation_id="conversations_takeover", parameters=[_ID], responses=MovedSerializer)
    def post(self, request: Request, pk: int) -> Response:
        conversation = self.conversation(pk)
        wanted = self.read_body(MoveSerializer)
        person = self.person(conversation, wanted)
        if person is None:
            raise ValidationError({"user_id": "is needed here: say which person takes the conversation over"})
        conversation, changed = ownership.take_over(conversation_id=pk, user=person, reason=wanted["reason"])
        return Response({"ownership_changed": changed, **_shown(conversation)})


class ReplyView(_ActionView):
    """Queue a person's text to the customer, which takes the conversation over, or opens it again."""

    serializer_class = ReplySerializer

    @extend_schema(operation_id="conversations_reply", parameters=[_ID], responses={202: LineSerializer})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        conversation = self.conversation(pk)
        wanted = self.read_body(ReplySerializer)
        message = ownership.reply(
            conversation_id=pk,
            body=wanted["body"],
            # Repeats are caught by `idempotent`, for as long as it remembers; here every request is a new text.
            idempotency_key=f"api:{uuid.uuid4()}",
            user=self.person(conversation, wanted),
            media_urls=wanted.get("media"),
        )
        return Response(LineSerializer(message).data, status=202)


class ReleaseView(_ActionView):
    """Hand the conversation back to the AI, which answers at once what nobody has answered."""

    serializer_class = MoveSerializer

    @extend_schema(operation_id="conversations_release", parameters=[_ID], responses=MovedSerializer)
    def post(self, request: Request, pk: int) -> Response:
        conversation = self.conversation(pk)
        wanted = self.read_body(MoveSerializer)
        person = self.person(conversation, wanted)
        conversation, changed = ownership.release(conversation_id=pk, user=person, reason=wanted["reason"])
        return Response({"ownership_changed": changed, **_shown(conversation)})


class CompleteView(_ActionView):
    """End the conversation. One that is completed keeps its first outcome."""

    serializer_class = CompleteSerializer

    @extend_schema(operation_id="conversations_complete", parameters=[_ID], responses=ConversationDetailSerializer)
    def post(self, request: Request, pk: int) -> Response:
        conversation = self.conversation(pk)
        wanted = self.read_body(CompleteSerializer)
        person = self.person(conversation, wanted)
        conversation, _ = ownership.complete(
            conversation_id=pk, outcome=wanted["outcome"], summary=wanted["summary"], user=person
        )
        return Response(_shown(conversation))


def _messages(conversation: Conversation) -> QuerySet[Message]:
    return Message.objects.filter(entries__conversation=conversation).prefetch_related("media")


def _shown(conversation: Conversation) -> dict[str, Any]:
    newest: Any = list(_messages(conversation).order_by("-created_at", "-id")[: SHOWN + 1])
    return {
        **ConversationSerializer(conversation).data,
        "messages": LineSerializer(newest[:SHOWN][::-1], many=True).data,
        "has_earlier_messages": len(newest) > SHOWN,
    }
