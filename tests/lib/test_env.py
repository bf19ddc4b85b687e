"""The environment is read loudly."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from nevermisscall.lib import env


@pytest.fixture
def read(monkeypatch, tmp_path):
    """The reader of a checkout without any file in it, and of no variable that an earlier test read from a file."""
    monkeypatch.setattr(env, "BASE_DIR", tmp_path)
    monkeypatch.delenv("NEVERMISSCALL_ENV_FILES", raising=False)
    monkeypatch.setattr(env.Environment.ENVIRON, "files_cache", {})
    return env.open_environment


def test_a_variable_is_read(read, monkeypatch):
    monkeypatch.setenv("NMC_PORT", "3701")

    assert read().int("NMC_PORT") == 3701


def test_a_secret_is_read_from_a_file_without_its_last_newline(read, monkeypatch, tmp_path):
    (tmp_path / "token").write_text("s3cret\n")
    monkeypatch.setenv("NMC_TOKEN_FILE", str(tmp_path / "token"))

    assert read().str("NMC_TOKEN") == "s3cret"


@pytest.mark.parametrize(
    ("method", "value"), [("int", "abc"), ("db_url", "postgresql://host:port/name"), ("json", "{")]
)
def test_a_value_that_does_not_parse_names_its_variable(read, monkeypatch, method, value):
    monkeypatch.setenv("NMC_THING", value)

    with pytest.raises(ImproperlyConfigured, match=r"^NMC_THING: "):
        getattr(read(), method)("NMC_THING")


def test_a_secrets_file_that_is_not_there_names_its_variable(read, monkeypatch, tmp_path):
    monkeypatch.setenv("NMC_TOKEN_FILE", str(tmp_path / "nothing"))

    with pytest.raises(ImproperlyConfigured, match=r"^NMC_TOKEN: .*No such file"):
        read().str("NMC_TOKEN", default="")


def test_a_variable_that_must_be_set_is_named(read):
    with pytest.raises(ImproperlyConfigured, match="NMC_THING"):
        read().str("NMC_THING")


@pytest.mark.parametrize("name", [".env", "var/run/stack.env"])
def test_a_file_completes_the_environment_and_never_overrides_it(read, monkeypatch, tmp_path, name):
    monkeypatch.setenv("NEVERMISSCALL_ENV_FILES", "1")  # the tests themselves leave the files alone
    monkeypatch.setenv("NMC_SET", "mine")
    monkeypatch.setenv("NMC_UNSET", "")  # so that it is removed again
    monkeypatch.delenv("NMC_UNSET")
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("NMC_SET=theirs\nNMC_UNSET=theirs\n")

    assert (read().str("NMC_SET"), read().str("NMC_UNSET")) == ("mine", "theirs")


def test_the_files_can_be_left_alone(read, monkeypatch, tmp_path):
    (tmp_path / ".env").write_text("NMC_UNSET=theirs\n")
    monkeypatch.setenv("NEVERMISSCALL_ENV_FILES", "0")

    assert read().str("NMC_UNSET", default="none") == "none"


def test_what_must_hold_stops_the_start_with_a_remedy():
    env.require(True, "NMC_THING", "set it")
    with pytest.raises(ImproperlyConfigured, match=r"^NMC_THING: set it$"):
        env.require("", "NMC_THING", "set it")
