"""Visits, free times and busy times as the API takes and shows them."""

from datetime import datetime, timedelta
from typing import Any

from rest_framework import serializers

from conversations.ai.protocol import Slot
from conversations.booking.models import Appointment, BusyTime
from nevermisscall.api.parsing import ChoiceOrNull, MomentField, TextField
from nevermisscall.lib.clock import utcnow

MOST_SLOTS = 100
LATEST = timedelta(days=365)  # how far ahead free times may be asked for


class AppointmentSerializer(serializers.Serializer[Appointment]):
    id = serializers.IntegerField()
    status = serializers.ChoiceField(Appointment.Status.choices)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    timezone = serializers.CharField(source="tenant.timezone", help_text="The business's.")
    hold_expires_at = serializers.DateTimeField(
        allow_null=True, help_text="Until then a requested time is kept; null once it was decided."
    )
    conversation_id = serializers.IntegerField(allow_null=True)
    customer_phone = serializers.CharField(source="contact.number")
    customer_name = serializers.CharField(source="contact.name")
    resource_id = serializers.IntegerField()
    resource = serializers.CharField(source="resource.name", help_text="Who makes the visit.")
    job_type = serializers.CharField()
    problem = serializers.CharField()
    address = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.IntegerField(
        source="decided_by_id", allow_null=True, help_text="The person, if they had logged in."
    )
    decided_how = ChoiceOrNull(Appointment.How.choices)
    reason = serializers.CharField(help_text="Why it was declined or canceled; the customer is not told.")
    created_at = serializers.DateTimeField()


class AppointmentFilter(serializers.Serializer[None]):
    status = serializers.ChoiceField(Appointment.Status.choices, required=False)
    conversation = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1, source="conversation_id")
    vars()["from"] = MomentField(required=False, source="since", help_text="Visits that begin then or later.")
    to = MomentField(required=False, source="until", help_text="Visits that begin before this.")
    ordering = serializers.ChoiceField(
        [("starts_at", "earliest first"), ("-starts_at", "latest first")], default="starts_at"
    )


class ReasonSerializer(serializers.Serializer[None]):
    reason = TextField(
        max_length=200, required=False, allow_blank=True, default="", help_text="For you; the customer is not told."
    )


class SlotSerializer(serializers.Serializer[Slot]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class SlotsSerializer(serializers.Serializer[dict[str, Any]]):
    timezone = serializers.CharField(help_text="The business's.")
    results = SlotSerializer(many=True)


class SlotsFilter(serializers.Serializer[None]):
    vars()["from"] = MomentField(
        required=False, source="since", help_text="Times from then on, for 14 days. Now if left out."
    )
    around = MomentField(required=False, help_text="Those nearest to it, instead of the first ones.")
    limit = serializers.IntegerField(min_value=1, max_value=MOST_SLOTS, default=10)
    tenant = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="Which business; for those who see all of them."
    )

    def validate_from(self, value: datetime) -> datetime:
        if value > utcnow() + LATEST:
            raise serializers.ValidationError(f"is more than {LATEST.days} days ahead")
        return value


class NewBusyTimeSerializer(serializers.Serializer[None]):
    starts_at = MomentField()
    ends_at = MomentField()
    note = TextField(max_length=200, required=False, allow_blank=True, default="")
    resource = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        help_text="Who is busy; may be left out where a business has only one.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["ends_at"] <= attrs["starts_at"]:
            raise serializers.ValidationError({"ends_at": "must be later than starts_at"})
        return attrs


class BusyTimeSerializer(serializers.Serializer[BusyTime]):
    id = serializers.IntegerField()
    resource_id = serializers.IntegerField()
    resource = serializers.CharField(source="resource.name")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    note = serializers.CharField()


class BusyTimeFilter(serializers.Serializer[None]):
    resource = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1, source="resource_id")
    vars()["from"] = MomentField(required=False, source="ends_at__gt", help_text="Those that end after it.")
    to = MomentField(required=False, source="starts_at__lt", help_text="Those that begin before it.")
