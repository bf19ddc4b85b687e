"""What Twilio has of a business: its numbers, and the accounts that carry them."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanWidget

from nevermisscall.lib.admin import SUCCESS, WARNING, Admin, Form, badge, link
from tenants.admin_fields import FieldsForPeople
from tenants.models import PhoneNumber, TwilioAccount

# Twilio retries a webhook only when told so; a copy gets the same answer as the first. docs/operations.md
RETRIES = "#rc=2&rp=ct,rt,5xx&ct=2000&rt=4000"


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
