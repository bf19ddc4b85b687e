"""Secrets at rest."""

import logging
from base64 import urlsafe_b64encode
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

logger = logging.getLogger(__name__)


def _keys() -> list[Fernet]:
    keys = settings.FIELD_ENCRYPTION_KEYS
    if not keys:
        # Development only; production does not start without FIELD_ENCRYPTION_KEYS.
        keys = [urlsafe_b64encode(sha256(settings.SECRET_KEY.encode()).digest()).decode()]
    return [Fernet(key) for key in keys]


@lru_cache(maxsize=1)
def _fernet() -> MultiFernet:
    return MultiFernet(_keys())


def encrypt(text: str) -> str:
    """Return `text` encrypted under the newest of FIELD_ENCRYPTION_KEYS."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Return the plain text of `token`; raises `cryptography.fernet.InvalidToken` when no key fits."""
    return _fernet().decrypt(token.encode()).decode()


def renew(token: str) -> str | None:
    """Return `token` encrypted under the newest key; None if it is already. Raises `InvalidToken` if no key fits."""
    try:
        _keys()[0].decrypt(token)
    except InvalidToken:
        return _fernet().rotate(token).decode()
    return None


class Sealed(str):
    """A secret that none of our keys opens. It reads as blank, and is stored again as it was found."""

    __slots__ = ("token",)
    token: str

    def __new__(cls, token: str) -> "Sealed":
        sealed = super().__new__(cls)
        sealed.token = token
        return sealed


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted in the database and plain in Python. It cannot be searched.

    A row whose key is lost still loads: one business's secret must not take everybody's calls down.
    """

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Sealed):
            return value.token
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def from_db_value(self, value: str | None, _expression: object, _connection: object) -> str | None:
        try:
            return decrypt(value) if value else value
        except InvalidToken:
            logger.error(
                "a secret cannot be opened: FIELD_ENCRYPTION_KEYS lacks its key", extra={"column": self.column}
            )
            return Sealed(value or "")
