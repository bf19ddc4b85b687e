"""`make install`: exactly the lock, and only when it has changed."""

import sys

import pytest

from nevermisscall.dev import install


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with an empty lock. Its environment gets no pip of its own, as on Debian without `python3-venv`."""
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(install, "STAMP", tmp_path / ".venv" / "installed")
    monkeypatch.setattr(install, "LOCK", tmp_path / "dev.txt")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ensurepip" else name)
    install.LOCK.touch()
    return tmp_path


def test_an_unchanged_lock_is_installed_once(project, capsys):
    install.main()
    install.main()

    assert install.PYTHON.exists()
    assert capsys.readouterr().out.count("Installing the locked dependencies") == 1


def test_a_changed_lock_that_cannot_be_installed_leaves_no_stamp(project):
    install.main()
    install.LOCK.write_text("no-hash==1.0\n")

    with pytest.raises(SystemExit, match="failed with exit code 1"):
        install.main()

    assert not install.STAMP.exists()


def test_an_old_python_is_told_so(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))

    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer, this is 3\.9"):
        install.main()


def test_a_python_without_pip_is_told_what_to_install(project, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)

    with pytest.raises(SystemExit, match="python3-venv"):
        install.main()
