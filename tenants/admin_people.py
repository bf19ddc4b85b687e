"""Customers, the people of a business, their logins, and the keys that programs use."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from nevermisscall.lib.admin import (
    DANGER,
    SUCCESS,
    WARNING,
    Admin,
    CappedPaginator,
    Form,
    Inline,
    RecordAdmin,
    RecordInline,
    badge,
    link,
    shown_number,
)
from nevermisscall.lib.clock import utcnow
from tenants import consenting, services
from tenants.models import ApiKey, Consent, Contact, Membership


class ConsentForm(Form[Consent]):
    """A new line of the ledger, refused with the reason why it may not be written."""

    evidence = forms.CharField(
        max_length=150, required=False, help_text="Where to look, such as “form 17”. Your name is added."
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("is_granted"):
            said = {name: cleaned.get(name, "") for name in ("purpose_class", "is_written", "evidence")}
            try:
                consenting.check_grant(self.instance.contact, **said)
            except consenting.ConsentRefused as refusal:
                raise ValidationError(refusal.message) from refusal
        return cleaned


class ConsentInline(RecordInline[Consent, Contact]):
    """The ledger, to which lines can be added; none can be changed."""

    model = Consent
    form = ConsentForm
    fields = ("recorded_at", "is_granted", "channel", "purpose_class", "is_written", "source", "evidence")
    readonly_fields = ("recorded_at", "source")
    ordering = ("-pk",)
    verbose_name_plural = "Consent ledger"

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return obj is not None and request.user.has_perm("tenants.add_consent")


@admin.register(Contact)
class ContactAdmin(Admin[Contact]):
    list_display = ("shown", "name", "tenant", "texts", "is_personal", "is_landline", "created_at")
    list_filter = (
        "is_personal",
        "do_not_automate",
        "is_blocked",
        "is_landline",
        ("opted_out_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("tenant",)
    search_fields = ("name",)
    search_help_text = "Number or name"
    number_fields = ("number",)
    autocomplete_fields = ("tenant",)
    ordering = ("-pk",)
    paginator = CappedPaginator
    show_full_result_count = False
    actions_submit_line = ("opt_out",)
    inlines = (ConsentInline,)
    fieldsets = (
        (None, {"fields": (("tenant", "number"), ("name", "language"), "notes")}),
        (
            "Texts",
            {
                "description": "A person who opted out is never texted again, until they send START themselves.",
                "fields": ("is_personal", "do_not_automate", "is_blocked", "is_landline", "opted_out_at"),
            },
        ),
    )

    def get_readonly_fields(self, _request: HttpRequest, obj: Contact | None = None) -> tuple[str, ...]:
        return ("opted_out_at",) if obj is None else ("tenant", "number", "opted_out_at")

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False  # the opt-out would go with it

    def has_opt_out_permission(self, request: HttpRequest, _obj: Any = None) -> bool:
        return self.has_change_permission(request)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Write new lines of the ledger, with the name of whoever adds them."""
        for line in formset.save(commit=False):
            consenting.record(
                line.contact,
                is_granted=line.is_granted,
                channel=line.channel,
                purpose_class=line.purpose_class,
                is_written=line.is_written,
                source=Consent.Source.ADMIN,
                evidence=line.evidence,
                by=request.user.get_username(),
            )

    @admin.display(description="Number", ordering="number")
    def shown(self, contact: Contact) -> str:
        return shown_number(contact.number)

    @admin.display(description="Texts", ordering="opted_out_at")
    def texts(self, contact: Contact) -> str:
        return badge("Allowed", SUCCESS) if contact.opted_out_at is None else badge("Opted out", DANGER)

    @admin.action(description="Save and opt out of texts", permissions=["opt_out"])
    def opt_out(self, request: HttpRequest, contact: Contact) -> None:
        services.opt_out(tenant_id=contact.tenant_id, number=contact.number, evidence=request.user.get_username())
        self.log_change(request, contact, "Opted out of texts")
        messages.success(request, "They get no more texts.")


@admin.register(Consent)
class ConsentAdmin(RecordAdmin[Consent]):
    list_display = ("recorded_at", "contact_link", "is_granted", "channel", "purpose_class", "source", "evidence")
    list_display_links = ("recorded_at",)
    list_filter = ("is_granted", "channel", "purpose_class", "is_written", "source")
    list_select_related = ("contact",)
    search_fields = ("evidence",)
    search_help_text = "The person's number, or the evidence"
    number_fields = ("contact__number",)
    ordering = ("-pk",)
    fields = (
        ("contact_link", "recorded_at"),
        ("is_granted", "channel", "purpose_class"),
        ("is_written", "source", "evidence"),
    )
    readonly_fields = ("contact_link",)

    @admin.display(description="Contact")
    def contact_link(self, consent: Consent) -> str:
        return link(consent.contact)


@admin.register(Membership)
class MembershipAdmin(Admin[Membership]):
    list_display = ("user", "tenant", "role")
    list_filter = ("role",)
    list_select_related = ("user", "tenant")
    search_fields = ("user__username", "tenant__name")
    autocomplete_fields = ("user", "tenant")
    ordering = ("tenant__name", "pk")


class ApiKeyForm(Form[ApiKey]):
    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in ApiKey.SCOPES],
        initial=["read"],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="None contains another: tick all that are needed.",
    )


@admin.register(ApiKey)
class ApiKeyAdmin(Admin[ApiKey]):
    list_display = ("name", "shown_prefix", "tenant", "scope_list", "state", "last_used_at", "created_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("tenant",)
    search_fields = ("name", "prefix", "tenant__name")
    autocomplete_fields = ("tenant",)
    ordering = ("-pk",)
    actions = ("revoke_keys",)
    actions_submit_line = ("revoke",)

    def get_form(self, request: HttpRequest, obj: ApiKey | None = None, change: bool = False, **kwargs: Any) -> Any:
        return (
            super().get_form(request, obj, change, **kwargs)
            if change
            else super().get_form(request, obj, change, form=ApiKeyForm, **kwargs)
        )

    def get_fields(self, _request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("tenant", "name", "scopes", "expires_at")
        return (
            "name",
            "tenant",
            "shown_prefix",
            "scope_list",
            "created_at",
            "last_used_at",
            "expires_at",
            "revoked_at",
        )

    def get_readonly_fields(self, _request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        if obj is None:
            return ()
        return ("tenant", "shown_prefix", "scope_list", "created_at", "last_used_at", "expires_at", "revoked_at")

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False  # a revoked key stays, so that its past use can be explained

    def has_revoke_permission(self, request: HttpRequest, _obj: Any = None) -> bool:
        return self.has_change_permission(request)

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        row, key = ApiKey.issue(tenant_id=obj.tenant_id, name=obj.name, scopes=form.cleaned_data["scopes"])
        row.expires_at = obj.expires_at
        row.save(update_fields=["expires_at"])
        obj.__dict__.update(row.__dict__)
        messages.warning(request, f"Copy this key now, it is never shown again: {key}")

    @admin.display(description="Begins with")
    def shown_prefix(self, key: ApiKey) -> str:
        return f"{key.prefix}…"

    @admin.display(description="Scopes")
    def scope_list(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.display(description="State")
    def state(self, key: ApiKey) -> str:
        if key.revoked_at is not None:
            return badge("Revoked", DANGER)
        return badge("Usable", SUCCESS) if key.is_usable() else badge("Expired", WARNING)

    @admin.action(description="Revoke this key", permissions=["revoke"])
    def revoke(self, request: HttpRequest, key: ApiKey) -> None:
        self._revoke(request, ApiKey.objects.filter(pk=key.pk))

    @admin.action(description="Revoke the selected keys", permissions=["revoke"])
    def revoke_keys(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        self._revoke(request, keys)

    def _revoke(self, request: HttpRequest, keys: QuerySet[ApiKey]) -> None:
        usable = list(keys.filter(revoked_at__isnull=True))
        ApiKey.objects.filter(pk__in=[key.pk for key in usable]).update(revoked_at=utcnow())
        for key in usable:
            self.log_change(request, key, "Revoked")
        messages.success(
            request, f"{len(usable)} key{'' if len(usable) == 1 else 's'} revoked; it takes effect at once."
        )


class MembershipInline(Inline[Membership, User]):
    model = Membership
    autocomplete_fields = ("tenant",)
    verbose_name_plural = "Acts for"


admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(DjangoUserAdmin, Admin[User]):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    inlines = (MembershipInline,)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, Admin[Group]):
    pass
