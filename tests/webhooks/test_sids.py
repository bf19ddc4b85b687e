"""A signed webhook that does not say which call or text it is about is malformed."""

import pytest

from tests.webhooks.routes import CALL, CALL_SID, fields_of, twilio_paths

pytestmark = pytest.mark.django_db
OF_A_CALL = [path for path in twilio_paths() if "/call" in path]


@pytest.mark.fault("F19")
@pytest.mark.parametrize(
    ("call_sid", "said"),
    [
        ("", "is missing"),
        ("CA123", "must be CA and 32 hexadecimal digits"),
        ("SM" + "1" * 32, "must be CA and 32 hexadecimal digits"),
        ("ca" + "1" * 32, "must be CA and 32 hexadecimal digits"),
        ("CA" + "g" * 32, "must be CA and 32 hexadecimal digits"),
        ("CA" + "1" * 31 + "\n", "must be CA and 32 hexadecimal digits"),
        ("CA" + "1" * 33, "must be CA and 32 hexadecimal digits"),
    ],
)
def test_a_call_without_a_sid_is_malformed(acme, twilio, count_rows, call_sid, said):
    before = count_rows()
    for path in OF_A_CALL:
        answer = twilio.post(path, fields_of(CallSid=call_sid))

        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "INVALID_WEBHOOK"), path
        assert error["fields"]["CallSid"] in {said, "is not the call of this URL"}
    assert count_rows() == before


ANOTHER = "CA" + "8" * 32


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/webhooks/twilio/call/status/", "CallSid"),
        ("/webhooks/twilio/call/voicemail/", "CallSid"),
        ("/webhooks/twilio/call/screen/", "ParentCallSid"),
    ],
)
def test_a_url_that_names_another_call_is_malformed(acme, twilio, count_rows, path, field):
    before = count_rows()
    answer = twilio.post(path + ANOTHER, fields_of(**{field: CALL_SID}))

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == {field: "is not the call of this URL"}
    assert count_rows() == before


@pytest.mark.parametrize("sid", ["x", "x" * 300, "CA1"])
def test_a_whisper_url_that_names_no_call_is_malformed(acme, twilio, count_rows, sid):
    before = count_rows()
    for path in (f"/webhooks/twilio/call/screen/{sid}", f"/webhooks/twilio/call/screen/{sid}/accept"):
        assert twilio.post(path, fields_of()).status_code == 400
    assert count_rows() == before


@pytest.mark.parametrize("path", [path for path in twilio_paths() if path.endswith("/status")])
def test_a_status_of_nothing_is_malformed(acme, twilio, path):
    answer = twilio.post(path, fields_of(CallSid="", MessageSid=""))

    assert answer.status_code == 400
    assert {"CallSid", "MessageSid"} < set(answer.json()["error"]["fields"])


@pytest.mark.parametrize("sid", ["SM123", "CA" + "1" * 32, "nonsense"])
def test_a_message_status_without_a_proper_sid_is_malformed(acme, twilio, sid):
    answer = twilio.post("/api/webhooks/status", fields_of(CallSid="", MessageSid=sid))

    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == {"MessageSid": "must be SM or MM and 32 hexadecimal digits"}


def test_a_malformed_webhook_is_not_logged_by_its_content(acme, twilio, logged):
    twilio.post(CALL, fields_of(CallSid="CA-secret-thing"))

    assert "CA-secret-thing" not in logged()
    assert "+14155550123" not in logged()
