"""Secrets at rest."""

import pytest
from cryptography.fernet import Fernet, InvalidToken

from nevermisscall.lib import crypto

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture
def with_keys(settings):
    """Use these keys, newest first, until the test ends."""

    def use(*keys: str) -> None:
        settings.FIELD_ENCRYPTION_KEYS = list(keys)
        crypto._fernet.cache_clear()

    yield use
    crypto._fernet.cache_clear()


def test_a_secret_comes_back(with_keys):
    with_keys(NEW)

    assert crypto.decrypt(crypto.encrypt("s3cret é😀")) == "s3cret é😀"


def test_a_secret_is_not_in_what_is_stored(with_keys):
    with_keys(NEW)

    assert "s3cret" not in crypto.encrypt("s3cret")


@pytest.mark.fault("F28")
def test_an_older_key_still_opens_and_the_newest_closes(with_keys):
    with_keys(OLD)
    before = crypto.encrypt("s3cret")
    with_keys(NEW, OLD)
    after = crypto.encrypt("s3cret")
    assert crypto.decrypt(before) == "s3cret"

    with_keys(NEW)
    assert crypto.decrypt(after) == "s3cret"


@pytest.mark.fault("F28")
def test_a_key_that_is_gone_opens_nothing(with_keys):
    with_keys(OLD)
    token = crypto.encrypt("s3cret")
    with_keys(NEW)

    with pytest.raises(InvalidToken):
        crypto.decrypt(token)


def test_development_has_a_key_without_any_setting(with_keys):
    with_keys()

    assert crypto.decrypt(crypto.encrypt("s3cret")) == "s3cret"
