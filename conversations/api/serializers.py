"""A conversation as the API shows it, and what its actions take."""

from rest_framework import serializers

from conversations.models import Conversation
from nevermisscall.api.parsing import ChoiceOrNull, NumberFilter, TextField, newest_first
from sms.api.serializers import MediaLinks, OutgoingSerializer
from sms.models import Message, Status

SHOWN = 200  # messages on a conversation; `/messages/` has all


class LineSerializer(serializers.Serializer[Message]):
    id = serializers.IntegerField()
    sender_type = serializers.ChoiceField(Message.SenderType.choices)
    direction = serializers.ChoiceField(Message.Direction.choices)
    body = serializers.CharField()
    media = MediaLinks()
    status = serializers.ChoiceField(Status.choices)
    created_at = serializers.DateTimeField()


class ConversationSerializer(serializers.Serializer[Conversation]):
    id = serializers.IntegerField()
    tenant_id = serializers.IntegerField(help_text="The business.")
    call_id = serializers.IntegerField(allow_null=True, help_text="The call that opened it.")
    status = serializers.ChoiceField(Conversation.Status.choices)
    ownership = serializers.ChoiceField(Conversation.Ownership.choices)
    user_id = serializers.IntegerField(
        allow_null=True, help_text="The person who has it; null also when they took over from their phone."
    )
    user_takeover_at = serializers.DateTimeField(allow_null=True)
    customer_phone = serializers.CharField()
    language = serializers.CharField(help_text="The customer's, such as en or es; blank until it is known.")
    ai_timer_started = serializers.BooleanField()
    ai_timer_started_at = serializers.DateTimeField(allow_null=True)
    ai_due_at = serializers.DateTimeField(
        allow_null=True, help_text="When the AI answers unless a person does before; null: it will not."
    )
    urgency_level = serializers.ChoiceField(Conversation.Urgency.choices)
    job_type = serializers.CharField()
    job = serializers.DictField(help_text="What is known of the job: problem, address…")
    outcome = ChoiceOrNull(Conversation.Outcome.choices, help_text="Null until it is completed.")
    summary = serializers.CharField()
    created_at = serializers.DateTimeField()
    last_activity = serializers.DateTimeField()
    completed_at = serializers.DateTimeField(allow_null=True)


class ConversationDetailSerializer(ConversationSerializer):
    messages = LineSerializer(many=True, help_text=f"The newest {SHOWN}, oldest first.")
    has_earlier_messages = serializers.BooleanField(help_text="There are more: see `/messages/`.")


class ConversationFilter(serializers.Serializer[None]):
    customer_phone = NumberFilter()
    status = serializers.ChoiceField(Conversation.Status.choices, required=False)
    ownership = serializers.ChoiceField(Conversation.Ownership.choices, required=False)
    open = serializers.BooleanField(required=False, help_text="true: those that are not completed; false: the others.")
    ordering = serializers.ChoiceField(newest_first("last_activity"), default="-last_activity")


class LineFilter(serializers.Serializer[None]):
    ordering = serializers.ChoiceField(newest_first("created_at"), default="-created_at")


class ActionSerializer(serializers.Serializer[None]):
    user_id = serializers.IntegerField(
        required=False, allow_null=True, help_text="Who does it: a person who may act for the business."
    )


class MoveSerializer(ActionSerializer):
    reason = TextField(
        max_length=200, required=False, allow_blank=True, default="", help_text="Such as high_value_lead."
    )


class ReplySerializer(ActionSerializer, OutgoingSerializer):
    pass


class CompleteSerializer(ActionSerializer):
    outcome = serializers.ChoiceField(Conversation.Outcome.choices)
    summary = TextField(
        max_length=5000, required=False, allow_blank=True, default="", style={"base_template": "textarea.html"}
    )


class MovedSerializer(ConversationDetailSerializer):
    ownership_changed = serializers.BooleanField(help_text="false: it was so already.")
