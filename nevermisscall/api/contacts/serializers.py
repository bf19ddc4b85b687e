"""A contact and a consent as the API takes and shows them."""

from typing import Any

from rest_framework import serializers

from nevermisscall.api.parsing import NumberField, NumberFilter, TextField, YesNoField
from tenants.models import Consent, Contact, Language

LANGUAGE = "Empty: the business's."


class ContactChangeSerializer(serializers.Serializer[None]):
    """What may be changed. A field that is left out stays as it is."""

    name = TextField(max_length=120, required=False, allow_blank=True)
    language = serializers.ChoiceField(Language.choices, required=False, allow_blank=True, help_text=LANGUAGE)
    is_personal = YesNoField(required=False, help_text="Family and friends: never texted automatically.")
    do_not_automate = YesNoField(required=False, help_text="For people only: no automatic texts, no AI.")
    is_blocked = YesNoField(required=False, help_text="Their texts are kept and not reacted to.")


class NewContactSerializer(ContactChangeSerializer):
    """A person whom the business did not know."""

    number = NumberField(help_text="In any usual spelling; without a country code it is a US number.")
    tenant = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="Which business; for those who see all of them."
    )


class ContactSerializer(serializers.Serializer[Contact]):
    id = serializers.IntegerField()
    tenant_id = serializers.IntegerField(help_text="The business.")
    number = serializers.CharField()
    name = serializers.CharField()
    language = serializers.CharField(help_text=LANGUAGE)
    is_personal = serializers.BooleanField()
    do_not_automate = serializers.BooleanField()
    is_blocked = serializers.BooleanField()
    is_landline = serializers.BooleanField(help_text="Twilio said that it cannot get texts.")
    opted_out_at = serializers.DateTimeField(
        allow_null=True, help_text="When they opted out of texts and calls; only they can undo that, with START."
    )
    created_at = serializers.DateTimeField()


class ContactFilter(serializers.Serializer[None]):
    number = NumberFilter()
    ordering = serializers.ChoiceField([("-id", "newest first"), ("id", "oldest first")], default="-id")


class ConsentSerializer(serializers.Serializer[Consent]):
    id = serializers.IntegerField()
    channel = serializers.ChoiceField(Consent.Channel.choices)
    purpose_class = serializers.ChoiceField(Consent.PurposeClass.choices)
    granted = serializers.BooleanField(source="is_granted", help_text="false: revoked.")
    written = serializers.BooleanField(source="is_written", help_text="Signed or ticked by the person.")
    vars()["source"] = serializers.ChoiceField(Consent.Source.choices)
    evidence = serializers.CharField(help_text="Where to look: a SID, a form, a person's name.")
    recorded_at = serializers.DateTimeField()


class NewConsentSerializer(serializers.Serializer[None]):
    channel = serializers.ChoiceField(Consent.Channel.choices)
    purpose_class = serializers.ChoiceField(Consent.PurposeClass.choices)
    granted = YesNoField(help_text="false: they take it back.")
    written = YesNoField(default=False, help_text="Signed or ticked by the person; advertising needs it.")
    evidence = TextField(
        max_length=150, required=False, allow_blank=True, default="", help_text="Where to look, such as “form 17”."
    )

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """Return the values under the names that the ledger has for them."""
        values: dict[str, Any] = super().to_internal_value(data)
        granted, written = values.pop("granted"), values.pop("written")
        return {**values, "is_granted": granted, "is_written": written}
