"""`manage.py`."""

import os
import subprocess
import sys

from nevermisscall.lib.env import BASE_DIR


def test_without_its_database_a_command_says_so_in_a_sentence():
    done = subprocess.run(
        [sys.executable, "manage.py", "disposition"],
        cwd=BASE_DIR,
        env={**os.environ, "DATABASE_URL": "postgresql://127.0.0.1:9/none"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("DATABASE_URL: PostgreSQL does not answer as it should (connection failed: ")
    assert done.stderr.endswith("Start it, or mend the variable.\n")
    assert len(done.stderr.splitlines()) == 1
