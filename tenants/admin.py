"""Businesses: their numbers, hours and texts, and the Twilio accounts that carry them."""

import zoneinfo
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import CharField, Field, Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanWidget,
)

from nevermisscall.lib import phones
from nevermisscall.lib.admin import DANGER, SUCCESS, WARNING, Admin, Form, Inline, badge, block, link, shown_number
from tenants import admin_people, texts
from tenants.models import (
    BusinessHours,
    Closure,
    Language,
    OwnerNumber,
    PhoneNumber,
    Tenant,
    TextTemplate,
    TwilioAccount,
)
from tenants.validators import validate_e164, validate_timezone

__all__ = ["admin_people"]  # registers on import

# Twilio retries a webhook only when told so; a copy gets the same answer as the first. docs/operations.md
RETRIES = "#rc=2&rp=ct,rt,5xx&ct=2000&rt=4000"


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


class NumberInline(FieldsForPeople, Inline[PhoneNumber, Tenant]):
    model = PhoneNumber
    fields = ("number", "state", "is_primary", "account")
    can_delete = False
    show_change_link = True
    tab = True
    verbose_name_plural = "Numbers"


class OwnerNumberInline(FieldsForPeople, Inline[OwnerNumber, Tenant]):
    model = OwnerNumber
    fields = ("position", "number", "name", "is_active")
    tab = True
    verbose_name_plural = "Owner's phones"


class HoursInline(Inline[BusinessHours, Tenant]):
    model = BusinessHours
    fields = ("weekday", "opens_at", "closes_at")
    tab = True
    verbose_name_plural = "Hours"


class ClosureInline(Inline[Closure, Tenant]):
    model = Closure
    fields = ("starts_on", "ends_on", "reason")
    tab = True


class Preview:
    """A column with the text as a customer would get it."""

    @admin.display(description="Preview")
    def preview(self, template: TextTemplate) -> str:
        if template.pk is None:
            return "Shown once it is saved."
        return block(texts.fill(template.body, _sample(template)))


class TextInline(Preview, FieldsForPeople, Inline[TextTemplate, Tenant]):
    model = TextTemplate
    fields = ("key", "language", "body", "preview")
    readonly_fields = ("preview",)
    tab = True
    verbose_name_plural = "Texts"

    def get_queryset(self, request: HttpRequest) -> QuerySet[TextTemplate]:
        return super().get_queryset(request).select_related("tenant")


@admin.register(Tenant)
class TenantAdmin(FieldsForPeople, Admin[Tenant]):
    list_display = ("name", "state", "number_list", "owner_list", "missed_call_action", "timezone", "created_at")
    list_filter = ("status", "missed_call_action", "answer_screening", "ai_enabled")
    search_fields = ("name",)
    search_help_text = "Name, one of its numbers, or an owner's phone"
    number_fields = ("numbers__number", "owner_numbers__number")
    ordering = ("name", "pk")
    inlines = (NumberInline, OwnerNumberInline, HoursInline, ClosureInline, TextInline)
    warn_unsaved_form = True
    fieldsets = (
        ("Business", {"fields": (("name", "status"), ("timezone", "language"), "trade", "service_area")}),
        (
            "When a call comes in",
            {
                "description": "The owner's phones ring for this long; whoever accepts talks to the caller. Without "
                "screening, voicemail that picks up counts as an answer and the customer gets no text.",
                "fields": (("ring_timeout_seconds", "ring_strategy"), ("answer_screening", "ring_after_hours")),
            },
        ),
        (
            "After a missed call",
            {
                "description": "What the caller hears, and how soon the same customer may be texted again.",
                "fields": (
                    ("missed_call_action", "text_back_cooldown_minutes", "daily_text_cap"),
                    "call_owner_when_undelivered",
                ),
            },
        ),
        (
            "Visits",
            {
                "description": "How long a visit takes, and how soon before it one can still be offered. Visits are "
                "offered in business hours; without any, Monday to Saturday from 8 to 18.",
                "fields": (("appointment_minutes", "booking_notice_minutes"),),
            },
        ),
        (
            "Not built yet",
            {
                "description": "Kept for later, without effect: recordings, the AI (also as the action after a miss), "
                "and deleting what is old.",
                "fields": (
                    "recording_mode",
                    ("ai_enabled", "ai_takeover_seconds", "human_silence_minutes"),
                    "job_estimates",
                    "retention_days",
                ),
            },
        ),
    )

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False  # it would take every call and text along; close the business instead

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tenant]:
        return super().get_queryset(request).prefetch_related("numbers", "owner_numbers")

    @admin.display(description="Status", ordering="status")
    def state(self, tenant: Tenant) -> str:
        colours: dict[str, str] = {Tenant.Status.ACTIVE: SUCCESS, Tenant.Status.SUSPENDED: WARNING}
        return badge(tenant.get_status_display(), colours.get(tenant.status, DANGER))

    @admin.display(description="Numbers")
    def number_list(self, tenant: Tenant) -> str:
        return ", ".join(shown_number(number.number) for number in tenant.numbers.all())

    @admin.display(description="Owner's phones")
    def owner_list(self, tenant: Tenant) -> str:
        return ", ".join(shown_number(owner.number) for owner in tenant.owner_numbers.all() if owner.is_active)


@admin.register(PhoneNumber)
class PhoneNumberAdmin(FieldsForPeople, Admin[PhoneNumber]):
    list_display = ("number", "tenant_link", "label", "is_primary", "account", "created_at")
    list_filter = ("state", "is_primary")
    list_select_related = ("tenant", "account")
    search_fields = ("tenant__name",)
    search_help_text = "Number, its SID (PN…), that of its pool (MG…), or the business"
    number_fields = ("number",)
    sid_fields = ("number_sid", "messaging_service_sid")
    autocomplete_fields = ("tenant",)
    ordering = ("tenant__name", "pk")
    readonly_fields = ("at_twilio",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "tenant"),
                    ("state", "is_primary"),
                    ("account", "number_sid"),
                    ("messaging_service_sid", "texts_per_second"),
                )
            },
        ),
        (
            "What to enter at Twilio",
            {
                "description": "In Twilio's console, on the page of this number. The part after # makes Twilio retry. "
                "A number in a Messaging Service also needs that service set to defer to the sender's webhook.",
                "fields": ("at_twilio",),
            },
        ),
    )

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False  # release it instead: its calls and texts stay

    @admin.display(description="Business", ordering="tenant__name")
    def tenant_link(self, number: PhoneNumber) -> str:
        return link(number.tenant)

    @admin.display(description="State", ordering="state")
    def label(self, number: PhoneNumber) -> str:
        colours: dict[str, str] = {PhoneNumber.State.ACTIVE: SUCCESS, PhoneNumber.State.RELEASED: ""}
        return badge(number.get_state_display(), colours.get(number.state, WARNING))

    @admin.display(description="Webhooks")
    def at_twilio(self, _number: PhoneNumber) -> str:
        call, text = (
            f"{settings.PUBLIC_BASE_URL}{reverse(name)}{RETRIES}" for name in ("calls:incoming", "sms:incoming")
        )
        rows = [
            ("A call comes in (POST)", call),
            ("Call status changes (POST)", call),
            ("A message comes in (POST)", text),
        ]
        cells = format_html_join("", "<tr><th>{}</th><td><code>{}</code></td></tr>", rows)
        return format_html('<table class="nmc-fields">{}</table>', cells)


class TwilioAccountForm(Form[TwilioAccount]):
    """Secrets go in and never come out: a blank field keeps what is stored, a ticked box forgets it."""

    SECRETS = ("auth_token", "auth_token_secondary", "shared_key_secret")

    auth_token = forms.CharField(required=False, widget=UnfoldAdminPasswordWidget())
    auth_token_secondary = forms.CharField(required=False, widget=UnfoldAdminPasswordWidget())
    shared_key_secret = forms.CharField(required=False, widget=UnfoldAdminPasswordWidget())
    forget_secondary = forms.BooleanField(
        required=False, label="Forget the secondary token", widget=UnfoldBooleanWidget()
    )

    class Meta:
        model = TwilioAccount
        fields = ("tenant", "account_sid", "shared_key_id", "auth_token", "auth_token_secondary", "shared_key_secret")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.SECRETS:
            if name in self.fields:
                stored = bool(getattr(self.instance, name))
                self.initial.pop(name, None)
                self.fields[name].help_text = "Stored. Leave blank to keep it." if stored else "Not set."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.SECRETS:
            if not cleaned.get(name):
                cleaned[name] = getattr(self.instance, name)
        if cleaned.get("forget_secondary"):
            cleaned["auth_token_secondary"] = ""
        if not cleaned.get("auth_token"):
            self.add_error("auth_token", "An account needs its primary auth token.")
        return cleaned


@admin.register(TwilioAccount)
class TwilioAccountAdmin(Admin[TwilioAccount]):
    form = TwilioAccountForm
    list_display = ("account_sid", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name",)
    sid_fields = ("account_sid",)
    autocomplete_fields = ("tenant",)
    ordering = ("account_sid",)

    def get_fieldsets(self, request: HttpRequest, obj: TwilioAccount | None = None) -> Any:
        account = ("tenant", "account_sid")
        if obj is not None and not self.has_change_permission(request, obj):
            return [(None, {"fields": account})]  # Django shows a viewer the values of the fields, secrets included
        description = "Write-only. During a rotation the secondary token verifies webhooks too."
        secrets = ("auth_token", "auth_token_secondary", "forget_secondary", "shared_key_id", "shared_key_secret")
        return [(None, {"fields": account}), ("Secrets", {"fields": secrets, "description": description})]


@admin.register(TextTemplate)
class TextTemplateAdmin(Preview, FieldsForPeople, Admin[TextTemplate]):
    list_display = ("key", "language", "tenant", "preview")
    list_filter = ("key", "language")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name", "body")
    autocomplete_fields = ("tenant",)
    ordering = ("tenant__name", "key", "language")
    fields = ("tenant", ("key", "language"), "body", "preview", "ours")
    readonly_fields = ("preview", "ours")

    @admin.display(description="Our own wording, which this replaces")
    def ours(self, template: TextTemplate) -> str:
        return block(texts.SHIPPED.get((template.key, template.language), ""))


def _sample(template: TextTemplate) -> dict[str, str]:
    when = "martes 6 de enero a las 10:00 a. m." if template.language == "es" else "Tuesday, January 6 at 10:00 AM"
    return {
        "business": template.tenant.name,
        "handle": "#12",
        "customer": "(415) 555-0123",
        "words": "Goteo" if template.language == "es" else "My sink leaks",
        "reason": texts.reason("landline", template.language),
        "when": when,
        "who": "Ann",
        "count": "1",
        "choices": "#12 (415) 555-0123",
        "list": "#12 (415) 555-0123",
    }
