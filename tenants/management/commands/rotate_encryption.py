"""`manage.py rotate_encryption`: after it, what is stored opens with the newest key alone."""

from collections import Counter
from typing import Any

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model, TextField
from django.db.models.functions import Cast

from nevermisscall.lib import crypto
from nevermisscall.lib.crypto import EncryptedTextField, Sealed

BATCH = 500


class Command(BaseCommand):
    help = (
        "Encrypt every stored secret with the first of FIELD_ENCRYPTION_KEYS. Safe to repeat, to interrupt, and beside "
        "running processes. Fails if a secret cannot be opened with any key."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        lost = 0
        for model in apps.get_models():
            for field in model._meta.local_concrete_fields:
                if isinstance(field, EncryptedTextField):
                    found = self._renew(model, field)
                    lost += found["cannot be opened"]
                    figures = ", ".join(f"{count} {what}" for what, count in found.items())
                    self.stdout.write(f"{model._meta.label}.{field.name}: {figures or 'nothing there'}")
        if lost:
            raise CommandError(f"{lost} secrets cannot be opened: FIELD_ENCRYPTION_KEYS lacks their key; add it")

    def _renew(self, model: type[Model], field: EncryptedTextField) -> Counter[str]:
        """Go through one column; returns how many secrets were encrypted anew, were so before, or cannot be opened."""
        found: Counter[str] = Counter()
        # As it is stored: the field itself would open it.
        rows = model._base_manager.annotate(stored=Cast(field.name, TextField())).exclude(stored="").order_by("pk")
        for pk, token in rows.values_list("pk", "stored").iterator(chunk_size=BATCH):
            try:
                renewed = crypto.renew(token)
            except InvalidToken:
                found["cannot be opened"] += 1
                continue
            # Nothing to do if somebody changed it meanwhile: what is saved now is under the newest key.
            if renewed and rows.filter(pk=pk, stored=token).update(**{field.attname: Sealed(renewed)}):
                found["encrypted anew"] += 1
            else:
                found["as they should be"] += 1
            if found.total() % BATCH == 0:
                self.stdout.write(f"{model._meta.label}.{field.name}: {found.total()} so far")
        return found
