"""Ports, and the file by which another terminal finds the running stack."""

import socket

import pytest

from nevermisscall.dev import stack
from nevermisscall.dev.processes import DevelopmentError, free_port


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def run_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(stack, "RUN", tmp_path / "run")
    monkeypatch.setattr(stack, "STACK_FILE", tmp_path / "run" / "stack.env")


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch):
    for name in ("PORT", "PUBLIC_BASE_URL", "TWILIO_ACCOUNT_SID"):
        monkeypatch.delenv(name, raising=False)


def test_default_ports_are_used_when_free(monkeypatch):
    web, emulator = free_port(), free_port()
    monkeypatch.setattr(stack, "WEB_PORT", web)
    monkeypatch.setattr(stack, "EMULATOR_PORT", emulator)

    assert stack.choose_ports() == stack.Ports(web, emulator, ())


def test_another_copy_on_the_default_ports_means_other_ports_and_a_remark(monkeypatch, taken):
    monkeypatch.setattr(stack, "WEB_PORT", taken)
    monkeypatch.setattr(stack, "EMULATOR_PORT", taken)

    ports = stack.choose_ports()

    assert taken not in {ports.web, ports.emulator}
    assert [f"Port {taken} is taken" in remark for remark in ports.moved] == [True, True]


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(monkeypatch, taken):
    monkeypatch.setenv("PORT", str(taken))

    with pytest.raises(DevelopmentError, match=f"PORT {taken} is taken"):
        stack.choose_ports()


@pytest.mark.parametrize("port", ["web", "0", "70000"])
def test_a_port_that_is_none_is_an_error(monkeypatch, port):
    monkeypatch.setenv("PORT", port)

    with pytest.raises(DevelopmentError, match="a number from 1 to 65535"):
        stack.choose_ports()


def test_the_emulator_stands_in_for_twilio(monkeypatch):
    values = stack.addresses(stack.Ports(4001, 4002, ()))

    assert values["PUBLIC_BASE_URL"] == "http://127.0.0.1:4001"
    assert values["TWILIO_API_BASE_URL"] == values["EMULATOR_URL"] == "http://127.0.0.1:4002"
    assert stack.emulator_options(values)[:2] == ["--port", "4002"]


def test_an_account_of_ones_own_means_no_emulator(monkeypatch):
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
    monkeypatch.setenv("PUBLIC_BASE_URL", "https://tunnel.example/")

    assert stack.addresses(stack.Ports(4001, 4002, ())) == {
        "PORT": "4001",
        "PUBLIC_BASE_URL": "https://tunnel.example",
    }


def test_what_is_written_down_is_private_and_reads_back(run_directory):
    values = {"REDIS_URL": "redis://:a=b@127.0.0.1:1/0", "PORT": "4001"}
    with stack.hold_stack():
        stack.write_stack(values)

        assert stack.read_stack() == values
        assert stack.STACK_FILE.stat().st_mode & 0o777 == 0o600


def test_one_checkout_runs_one_stack(run_directory):
    with stack.hold_stack():
        stack.write_stack({"PUBLIC_BASE_URL": "http://127.0.0.1:4001"})

        with pytest.raises(DevelopmentError, match=r"already running \(http://127.0.0.1:4001\)"):
            stack.hold_stack()


def test_what_a_crashed_stack_wrote_down_is_forgotten(run_directory):
    with stack.hold_stack():
        stack.write_stack({"PORT": "4001"})

    with stack.hold_stack():
        assert stack.read_stack() == {}
