"""A call as the API shows it, and what its list can be asked for."""

from rest_framework import serializers

from calls.models import Call, Status
from nevermisscall.api.parsing import ChoiceOrNull, MomentField, NumberFilter, newest_first


class CallSerializer(serializers.Serializer[Call]):
    id = serializers.IntegerField()
    call_sid = serializers.CharField()
    # Python has no name `from`.
    vars()["from"] = serializers.CharField(source="from_number", help_text="As Twilio sent it; not always a number.")
    to = serializers.CharField(source="to_number")
    direction = serializers.ChoiceField(Call.Direction.choices)
    status = serializers.ChoiceField(Status.choices, help_text="Twilio's.")
    outcome = ChoiceOrNull(Call.Outcome.choices, help_text="What the call came to; null while that is open.")
    missed_reason = ChoiceOrNull(Call.MissedReason.choices)
    duration = serializers.IntegerField(allow_null=True, help_text="Seconds talked.")
    started_at = serializers.DateTimeField()
    answered_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)


class CallFilter(serializers.Serializer[None]):
    call_sid = serializers.CharField(required=False, max_length=34)
    outcome = serializers.ChoiceField(Call.Outcome.choices, required=False)
    vars()["from"] = NumberFilter(source="from_number")
    to = NumberFilter(source="to_number")
    since = MomentField(required=False, help_text="Calls that started then or later.")
    ordering = serializers.ChoiceField(newest_first("started_at"), default="-started_at")
