"""A text as the API takes and shows it."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from nevermisscall.api.parsing import MomentField, NumberField, NumberFilter, TextField, newest_first
from nevermisscall.lib.clock import utcnow
from sms.models import Message, Status
from sms.services import LATEST, MAX_BODY, MAX_MEDIA
from tenants.compliance import Purpose

# The others are ours to use: text-backs, alerts and batches have their own rules and their own senders.
PURPOSES = [(purpose.value, purpose.label) for purpose in (Purpose.REPLY, Purpose.NOTICE)]
CLOCK_TOLERANCE_SECONDS = 60
MAX_LINK = 2000


@extend_schema_field({"type": "string", "format": "uri", "pattern": "^https://", "maxLength": MAX_LINK})
class HttpsField(serializers.URLField):
    """An address that anybody, such as Twilio, can fetch over https."""

    def to_internal_value(self, data: Any) -> str:
        url = super().to_internal_value(data)
        if not url.startswith("https://"):
            raise serializers.ValidationError("must begin with https://")
        return url


class MediaLinks(serializers.ListField):
    """Where the files of a text are: ours if a customer sent them (with the same key), as they were given if we did."""

    child = serializers.CharField()

    def get_attribute(self, message: Message) -> list[str]:
        if message.direction == Message.Direction.OUTBOUND:
            return list(message.media_urls)
        paths = [reverse("message-media", args=[message.pk, media.position]) for media in message.media.all()]
        return [settings.PUBLIC_BASE_URL + path for path in paths]


class OutgoingSerializer(serializers.Serializer[None]):
    """The words and files of a text to a person."""

    body = TextField(
        max_length=MAX_BODY, style={"base_template": "textarea.html"}, required=False, allow_blank=True, default=""
    )
    media = serializers.ListField(
        child=HttpsField(max_length=MAX_LINK),
        required=False,
        allow_null=True,
        max_length=MAX_MEDIA,
        help_text="https:// addresses of up to ten pictures or files, which Twilio fetches.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs["body"].strip() and not attrs.get("media"):
            raise serializers.ValidationError({"body": "is empty, and there is no media"})
        return attrs


class SendSerializer(OutgoingSerializer):
    to = NumberField(help_text="Whom to text, in any usual spelling; without a country code it is a US number.")
    vars()["from"] = NumberField(
        required=False,
        help_text="Which of the business's numbers sends; its primary one if left out. The platform must name one.",
    )
    send_at = MomentField(required=False, allow_null=True, help_text="Not before this; at once if left out.")
    purpose = serializers.ChoiceField(
        PURPOSES,
        default=Purpose.NOTICE,
        help_text="Decides which rules apply.",
    )

    def validate_send_at(self, value: Any) -> Any:
        if value is None:
            return None
        ahead = value - utcnow()
        if ahead.total_seconds() < -CLOCK_TOLERANCE_SECONDS:
            raise serializers.ValidationError("is in the past")
        if ahead > LATEST:
            raise serializers.ValidationError(f"is more than {LATEST.days} days ahead")
        return value


NOT_BEFORE = "Held until then: it is outside the hours in which its recipient may be texted. Null: not held."


class AcceptedSerializer(serializers.Serializer[Message]):
    id = serializers.IntegerField()
    status = serializers.ChoiceField(Status.choices)
    not_before = serializers.DateTimeField(allow_null=True, help_text=NOT_BEFORE)


class MessageSerializer(serializers.Serializer[Message]):
    id = serializers.IntegerField()
    message_sid = serializers.CharField(allow_null=True, help_text="Twilio's; null until Twilio has it.")
    vars()["from"] = serializers.CharField(source="from_number")
    to = serializers.CharField(source="to_number")
    direction = serializers.ChoiceField(Message.Direction.choices)
    body = serializers.CharField()
    media = MediaLinks()
    purpose = serializers.ChoiceField(Purpose.choices, allow_blank=True, help_text="Empty: a customer's text.")
    sender_type = serializers.ChoiceField(Message.SenderType.choices)
    status = serializers.ChoiceField(Status.choices)
    not_before = serializers.DateTimeField(allow_null=True, help_text=NOT_BEFORE)
    error_code = serializers.IntegerField(allow_null=True, help_text="Twilio's.")
    num_segments = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)


class MessageFilter(serializers.Serializer[None]):
    to = NumberFilter(source="to_number")
    status = serializers.ChoiceField(Status.choices, required=False)
    ordering = serializers.ChoiceField(newest_first("created_at"), default="-created_at")
