"""Log lines: constant messages, fields, and no caller's number."""

import json
import logging
import sys

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from nevermisscall.lib import logs


def record(message: str = "call missed", **fields) -> logging.LogRecord:
    made = logging.getLogger("calls").makeRecord("calls", logging.INFO, "f.py", 1, message, (), None, extra=fields)
    logs.ContextFilter().filter(made)
    return made


@pytest.fixture
def lines(caplog):
    """What the request log writes, as (message, fields)."""
    caplog.set_level(logging.INFO, logger="nevermisscall.lib.logs")

    def read() -> list[logging.LogRecord]:
        return [made for made in caplog.records if made.name == "nevermisscall.lib.logs"]

    return read


def test_a_json_line_holds_message_and_fields():
    line = json.loads(logs.JsonFormatter().format(record(call_sid="CA1", seconds=3)))

    assert line["message"] == "call missed"
    assert (line["level"], line["logger"], line["call_sid"], line["seconds"]) == ("info", "calls", "CA1", 3)


@pytest.mark.parametrize("value", ["a\nb", "\ud800", "é😀", object(), {"nested": [1]}])
def test_a_json_line_stays_one_line(value):
    line = logs.JsonFormatter().format(record(value=value))

    assert "\n" not in line
    assert "value" in json.loads(line)


def test_a_line_for_people_shows_the_fields_too():
    line = logs.TextFormatter().format(record(call_sid="CA1"))

    assert line.endswith('info    call missed call_sid="CA1"')


@pytest.mark.parametrize("formatter", [logs.JsonFormatter(), logs.TextFormatter()])
def test_a_traceback_is_kept(formatter):
    try:
        raise ValueError("boom")
    except ValueError:
        made = record()
        made.exc_info = sys.exc_info()

    assert "ValueError: boom" in formatter.format(made)


def test_bound_fields_are_on_every_line_of_the_block_and_on_none_after_it():
    with logs.log_context(tenant_id=7):
        logs.bind(call_sid="CA1")
        inside = json.loads(logs.JsonFormatter().format(record()))
    outside = json.loads(logs.JsonFormatter().format(record()))

    assert (inside["tenant_id"], inside["call_sid"]) == (7, "CA1")
    assert "tenant_id" not in outside
    assert "call_sid" not in outside


def test_a_request_gets_an_id_and_one_line(lines):
    seen = []

    def view(request):
        seen.append(logs.request_id())
        return HttpResponse(status=204)

    response = logs.RequestLogMiddleware(view)(RequestFactory().get("/x?customer_phone=%2B14155550123"))

    (line,) = lines()
    assert response["X-Request-ID"] == seen[0] != ""
    assert (line.method, line.path, line.status) == ("GET", "/x", 204)
    assert logs.request_id() == ""


def test_an_address_that_is_a_password_is_not_logged(lines):
    logs.RequestLogMiddleware(lambda request: HttpResponse())(RequestFactory().get("/calendar/hush.ics"))

    assert [line.path for line in lines()] == ["/calendar/…"]


@pytest.mark.parametrize("path", ["/health/live", "/static/x.css"])
def test_what_machines_ask_all_the_time_is_not_logged(lines, path):
    logs.RequestLogMiddleware(lambda request: HttpResponse())(RequestFactory().get(path))

    assert lines() == []


def test_the_id_of_a_request_that_failed_does_not_leak_into_the_next():
    def view(request):
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        logs.RequestLogMiddleware(view)(RequestFactory().get("/x"))

    assert logs.request_id() == ""
