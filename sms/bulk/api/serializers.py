"""A batch as the API takes and shows it."""

from rest_framework import serializers

from nevermisscall.api.parsing import MomentField, NumberField, newest_first
from sms.bulk.models import Batch
from sms.services import MAX_BODY
from tenants.compliance import Purpose

PURPOSES = (Purpose.BULK, Purpose.MARKETING)


class BatchRequestSerializer(serializers.Serializer[None]):
    """Recipients are looked at row by row in `sms.bulk.rows`, so that every fault is found."""

    body = serializers.CharField(max_length=MAX_BODY, help_text="With variables in braces, such as {name}.")
    recipients = serializers.ListField(
        help_text="Objects with `to` and a value for each variable; or send a CSV file with such columns as `file`."
    )
    vars()["from"] = NumberField(required=False, help_text="Which of the business's numbers sends.")
    name = serializers.CharField(max_length=120, required=False, default="")
    purpose = serializers.ChoiceField(
        [(purpose.value, purpose.label) for purpose in PURPOSES],
        default=Purpose.BULK,
        help_text="Advertising goes only to those whose written consent is in the ledger; other rows are refused.",
    )
    send_at = MomentField(required=False, allow_null=True, default=None, help_text="Not before this.")


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
