"""The release before serves on the schema of this one, beside it, under traffic."""

import subprocess
import tarfile
import time

import pytest

from nevermisscall.lib.env import BASE_DIR
from tests.chaos.pairs import pair
from tests.journeys import ledger
from tests.journeys.traffic import Traffic


def git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=BASE_DIR, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no git history here: {done.stderr.strip()}")
    return done.stdout.strip()


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """The newest commit that knows another schema, unpacked."""
    changed = git("log", "-1", "--first-parent", "--format=%H", "--", ":(glob)**/migrations/*.py")
    commit = git("rev-parse", "--short", f"{changed}^1")
    home = tmp_path_factory.mktemp("older")
    git("archive", "--output", str(home / "code.tar"), commit)
    with tarfile.open(home / "code.tar") as archive:
        archive.extractall(home / "code", filter="data")
    return commit, home / "code"


@pytest.mark.fault("F24")
def test_the_release_before_runs_beside_this_one(tmp_path_factory, older, say, figure):
    commit, code = older
    with pair(tmp_path_factory.mktemp("mixed"), code=code) as running:
        with Traffic(running.stack) as traffic:
            time.sleep(10)
            for name in ("web", "worker"):  # the old ones alone, on the new schema
                running.end(name)
            time.sleep(5)
            for name in ("web", "worker"):
                running.start(name)
            for name in ("web 2", "worker 2"):
                running.end(name)
            time.sleep(5)
        say(f"{commit} beside this one")
        answered = ledger.check(traffic, recorded_within=30, say=say, figure=figure)
        figure(older=commit)

    assert answered["posted again"] == 0
