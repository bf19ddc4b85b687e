"""Customers, members of the business, and the keys that programs use."""

from __future__ import annotations

import hashlib
import secrets
from typing import ClassVar

from django.conf import settings
from django.db import models

from nevermisscall.lib.clock import utcnow
from tenants.validators import validate_e164


class Contact(models.Model):
    """A customer of one business, known by the number they call or text from."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="contacts", db_index=False)
    number = models.CharField(max_length=16, validators=[validate_e164])
    name = models.CharField(max_length=120, blank=True)
    language = models.CharField(max_length=5, blank=True, help_text="Empty: the business's language.")
    is_personal = models.BooleanField(default=False, help_text="Family and friends: never texted automatically.")
    do_not_automate = models.BooleanField(
        default=False, db_default=False, help_text="A customer for people only: no automatic texts, no AI."
    )
    is_blocked = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Their texts are kept and not reacted to; nothing automatic is sent.",
    )
    is_landline = models.BooleanField(default=False, help_text="Set when Twilio says the number cannot get texts.")
    opted_out_at = models.DateTimeField(null=True, blank=True, help_text="When they told us to stop: texts and calls.")
    notes = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "number"], name="contact_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-id"], name="contact_by_tenant"),  # the API's list
        ]

    def __str__(self) -> str:
        return self.name or self.number


class Membership(models.Model):
    """A person who may act for a business."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        STAFF = "staff", "Staff"

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.STAFF)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "user"], name="membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.tenant}"


class ApiKey(models.Model):
    """A program's key. Only its hash is kept: 32 random bytes need no slow hash, and a leaked table opens nothing."""

    SCOPES = ("read", "write", "admin")

    tenant = models.ForeignKey(
        "tenants.Tenant",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="api_keys",
        help_text="Empty: the platform, all tenants.",
    )
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, help_text="The start of the key, to recognise it by.")
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"

    @staticmethod
    def digest(key: str) -> str:
        """Return what is stored for `key`."""
        return hashlib.sha256(key.encode()).hexdigest()

    @classmethod
    def issue(cls, *, tenant_id: int | None, name: str, scopes: list[str]) -> tuple[ApiKey, str]:
        """Make a key. Returns the row and the key itself, which can never be shown again.

        Raises `ValueError` for a scope that does not exist.
        """
        unknown = sorted(set(scopes) - set(cls.SCOPES))
        if unknown:
            raise ValueError(f"unknown scope {unknown[0]!r}; there are {', '.join(cls.SCOPES)}")
        key = f"nmc_{secrets.token_urlsafe(32)}"
        row = cls.objects.create(
            tenant_id=tenant_id, name=name, prefix=key[:12], key_hash=cls.digest(key), scopes=sorted(scopes)
        )
        return row, key

    def is_usable(self) -> bool:
        """Tell whether the key opens anything now."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > utcnow())
