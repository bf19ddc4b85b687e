"""A call arrives and is forwarded."""

from calls.models import Call


def test_a_call_is_forwarded_to_the_owner(acme, twilio):
    answer = twilio.incoming_call()

    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/xml; charset=utf-8"
    assert '<Dial timeout="20"' in answer.text
    assert "+15005550200</Number>" in answer.text
    assert Call.objects.get().status == "ringing"
