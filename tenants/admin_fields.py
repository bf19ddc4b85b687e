"""Form fields that accept numbers, time zones and languages as people write them."""

import zoneinfo
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import CharField, Field
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from nevermisscall.lib import phones
from tenants.models import Language
from tenants.validators import validate_e164, validate_timezone


class PhoneField(forms.CharField):
    """A phone number as people write it, kept as E.164."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        try:
            return phones.normalise(text) if text else text
        except ValueError as error:
            raise ValidationError(str(error)) from error


class FieldsForPeople:
    """Number, time zone and language fields that accept what people write or offer what there is."""

    def formfield_for_dbfield(self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        if validate_e164 in db_field.validators:
            kwargs |= {"form_class": PhoneField, "max_length": 40, "help_text": "With or without +1 and brackets."}
        elif validate_timezone in db_field.validators:
            zones = sorted(zoneinfo.available_timezones())
            kwargs["widget"] = UnfoldAdminSelect2Widget(choices=[(zone, zone) for zone in zones])
        elif db_field.name == "language" and isinstance(db_field, CharField) and not db_field.choices:
            blank = [("", "The business's language")] if db_field.blank else []
            kwargs["widget"] = UnfoldAdminSelectWidget(choices=[*blank, *Language.choices])
        elif db_field.name in {"service_area", "job_estimates", "body"}:
            kwargs["widget"] = UnfoldAdminTextareaWidget(attrs={"rows": 3})
        return super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
