"""A batch as the API takes and shows it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from nevermisscall.api.parsing import PHONE, MomentField, NumberField, TextField, newest_first
from sms.bulk.models import Batch
from sms.bulk.rows import MAX_ROWS
from sms.services import MAX_BODY
from tenants.compliance import Purpose

PURPOSES = [(purpose.value, purpose.label) for purpose in (Purpose.BULK, Purpose.MARKETING)]


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "object", "properties": {"to": PHONE}, "required": ["to"]},
        "minItems": 1,
        "maxItems": MAX_ROWS,
    }
)
class RecipientsField(serializers.ListField):
    """Taken as they come: `sms.bulk.rows` looks at them row by row, so that every fault is found."""

    default_error_messages = {"empty": "there are no recipients"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty=False, **kwargs)


class _BatchWordsSerializer(serializers.Serializer[None]):
    body = TextField(max_length=MAX_BODY, help_text="With variables in braces, such as {name}.")
    vars()["from"] = NumberField(required=False, help_text="Which of the business's numbers sends.")
    name = TextField(max_length=120, required=False, allow_blank=True, default="")
    purpose = serializers.ChoiceField(
        PURPOSES,
        default=Purpose.BULK,
        help_text="Advertising goes only to those whose written consent is in the ledger; other rows are refused.",
    )
    send_at = MomentField(required=False, allow_null=True, default=None, help_text="Not before this.")


class NewBatchSerializer(_BatchWordsSerializer):
    recipients = RecipientsField(help_text="Objects with `to` and a value for each variable.")


# Describes what `sms.bulk.api.parsers.BatchForm` reads; what it makes of it is a `NewBatchSerializer`'s.
class BatchFormSerializer(_BatchWordsSerializer):
    file = serializers.FileField(help_text="A CSV file of recipients: a column `to`, and one for each variable.")


NEW_BATCH = {"application/json": NewBatchSerializer, "multipart/form-data": BatchFormSerializer}


class BatchSerializer(serializers.Serializer[Batch]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    body = serializers.CharField()
    purpose = serializers.ChoiceField(Purpose.choices)
    status = serializers.ChoiceField(Batch.Status.choices)
    total = serializers.IntegerField(help_text="Recipients.")
    send_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class BatchProgressSerializer(BatchSerializer):
    progress = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Recipients by where they are: `waiting`, `refused`, or the status of their message.",
    )


class PreviewSerializer(serializers.Serializer[None]):
    to = serializers.CharField()
    body = serializers.CharField()


class BatchFilter(serializers.Serializer[None]):
    status = serializers.ChoiceField(Batch.Status.choices, required=False)
    ordering = serializers.ChoiceField(newest_first("created_at"), default="-created_at")
