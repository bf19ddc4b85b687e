"""How webhooks travel: signatures, retries, redirects, and all the trouble the knobs can make."""

import threading
import time

import pytest
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from nevermisscall.twilio.emulator.webhooks import Hook, Overrides, send
from tests.twilio.emulator.conftest import AUTH_TOKEN, BUSINESS, CUSTOMER

FIELDS = (("CallSid", "CA1"), ("Body", " hi é😀 "), ("ToCity", ""))


def get(product, path, **others):
    return send(Hook("test", product.url + path, FIELDS, **others), AUTH_TOKEN)


def test_overrides_are_read_from_the_fragment():
    overrides = Overrides.parse("rc=2&rp=ct,5xx&ct=2000&rt=3000&tt=9000&e=dublin")

    assert (overrides.retries, overrides.policy) == (2, {"ct", "5xx"})
    assert (overrides.connect_seconds, overrides.read_seconds, overrides.total_seconds) == (2, 3, 9)
    assert overrides.warnings == ()


@pytest.mark.parametrize("fragment", ["rc=9", "rp=6xx", "ct=1", "rt=99999", "what=1"])
def test_bad_overrides_are_ignored_with_a_warning(fragment):
    overrides = Overrides.parse(fragment)

    assert (overrides.retries, overrides.policy, overrides.connect_seconds) == (1, {"ct"}, 5)
    assert len(overrides.warnings) == 1


def test_no_retry_on_5xx_unless_asked_for(product):
    product.on("/a", Response(status=503))

    assert get(product, "/a").attempts == 1
    assert get(product, "/a#rc=2&rp=5xx").attempts == 3
    tokens = [request.headers.get("I-Twilio-Idempotency-Token") for request in product.at("/a")]
    assert tokens[0] is None
    assert tokens[1] is None
    assert tokens[2]
    assert tokens[2] == tokens[3]


def test_a_refused_connection_is_retried_by_default():
    answer = send(Hook("test", "http://127.0.0.1:9/x", ()), AUTH_TOKEN)

    assert (answer.error, answer.attempts) == (11205, 2)


def test_a_slow_answer_is_given_up_at_the_cap(product):
    product.on("/slow", lambda request: time.sleep(0.5) or Response(status=204))
    answer = send(Hook("test", f"{product.url}/slow", ()), AUTH_TOKEN, cap_seconds=0.1)

    assert (answer.error, answer.problem) == (11205, "rt")
    assert answer.seconds < 0.4


def test_a_redirected_post_loses_its_fields(product):
    product.on("/old", redirect("/new", 302))
    get(product, "/old")

    [request] = product.at("/new")
    assert (request.method, request.fields) == ("GET", {})


def test_endless_redirects_end(product):
    product.on("/loop", redirect("/loop", 302))

    assert get(product, "/loop").error == 11215


def test_credentials_in_the_address_are_sent_and_not_signed(product):
    url = product.url.replace("http://", "http://user:secret@") + "/auth?x=1"
    send(Hook("test", url, FIELDS), AUTH_TOKEN)

    [request] = product.at("/auth")
    assert request.headers["Authorization"].startswith("Basic ")
    assert request.signed


# --- the knobs ---


def call(phone):
    return phone.wait_for_call(phone.place_call(from_=CUSTOMER, to=BUSINESS, owner="no_answer"))


def test_every_webhook_can_come_again(phone, screening):
    phone.set_faults(webhooks={"duplicate": 2})
    result = call(phone)

    assert {path: len(screening.at(path)) for path in ("/voice", "/dial", "/number", "/leg")} == {
        "/voice": 3,
        "/dial": 3,
        "/number": 3,
        "/leg": 9,
    }
    assert len(result["legs"]) == 1
    assert {request["CallSid"] for request in screening.at("/dial")} == {result["sid"]}
    assert screening.at("/dial")[2].headers["I-Twilio-Idempotency-Token"]


def test_twenty_copies_at_once(phone, screening):
    everybody = threading.Barrier(20)
    screening.on("/dial", lambda request: f"<Response><!-- {everybody.wait(5)} --></Response>")
    phone.set_faults(webhooks={"concurrent": 20, "only": ["dial_action"]})
    call(phone)

    assert len(screening.at("/dial")) == 20
    assert len(screening.at("/voice")) == 1


def test_webhooks_can_be_late(phone, screening):
    phone.set_faults(webhooks={"delay_seconds": 0.3, "only": ["call_status"]})
    started = time.monotonic()
    call(phone)

    assert time.monotonic() - started >= 0.3
    assert len(screening.at("/leg")) == 3


def test_background_webhooks_can_be_shuffled(phone, screening):
    phone.set_faults(webhooks={"shuffle": True, "seed": 3})
    call(phone)

    order = [request.path for request in screening.received]
    statuses = [request["CallStatus"] for request in screening.at("/leg")]
    assert order.index("/dial") < order.index("/leg")
    assert statuses != ["initiated", "ringing", "no-answer"]
    assert sorted(statuses) == ["initiated", "no-answer", "ringing"]


def test_a_product_that_is_too_slow_is_cut_off(phone, product):
    phone.set_faults(webhooks={"cap_seconds": 0.1})
    product.on("/voice", lambda request: time.sleep(0.4) or "<Response/>")

    assert call(phone)["heard"]["caller"] == ["We are sorry, an application error has occurred. Goodbye."]
