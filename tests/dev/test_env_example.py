"""`.env.example` documents what the settings read, all of it and nothing else."""

import re

from nevermisscall.lib.env import BASE_DIR

ONLY_FOR_TESTS = {"TEST_DATABASE_URL", "TEST_REDIS_URL"}


def test_every_variable_of_the_settings_is_documented():
    settings = (BASE_DIR / "nevermisscall" / "settings.py").read_text()
    example = (BASE_DIR / ".env.example").read_text()

    read = set(re.findall(r'env(?:\.\w+)?\(\s*"([A-Z0-9_]+)"', settings))
    documented = set(re.findall(r"^#?([A-Z0-9_]+)=", example, re.MULTILINE))

    assert documented - ONLY_FOR_TESTS == read
