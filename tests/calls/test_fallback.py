"""Our whole server is away: Twilio plays a file from somewhere else, and the caller reaches the owner."""

import functools
import io
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command

from nevermisscall.twilio.emulator import control
from tenants.models import PhoneNumber
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, OWNER_PHONE, RIVAL_NUMBER, make_business

PLEASE = "If nobody could answer, please call again in a few minutes. Goodbye."
NOBODY_LISTENS = "http://127.0.0.1:1/webhooks/twilio/call"


def written(out, *arguments: str) -> dict[str, str]:
    call_command("fallback_twiml", "--out", str(out), *arguments, stdout=io.StringIO())
    return {path.name: path.read_text() for path in out.iterdir()}


def printed(*arguments: str) -> ElementTree.Element:
    out = io.StringIO()
    call_command("fallback_twiml", *arguments, stdout=out)
    return ElementTree.fromstring(out.getvalue().strip().encode())


def test_each_number_has_a_file_that_rings_its_owner(db, tmp_path):
    make_business(name="Acme & Sons <plumbing>", ring_timeout_seconds=25)
    make_business(name="Rival", number=RIVAL_NUMBER, owners=("+15005550901", "+15005550902"), language="es")
    files = written(tmp_path)

    assert sorted(files) == ["15005550100.xml", "15005550900.xml", "index.tsv"]
    assert files["index.tsv"].splitlines() == [
        f"{ACME_NUMBER}\t15005550100.xml\t{OWNER_PHONE}\tAcme & Sons <plumbing>",
        f"{RIVAL_NUMBER}\t15005550900.xml\t+15005550901,+15005550902\tRival",
    ]
    dial, say, _ = ElementTree.fromstring(files["15005550100.xml"].encode())
    assert dial.attrib == {"timeout": "25", "answerOnBridge": "true"}
    assert [number.text for number in dial] == [OWNER_PHONE]
    assert say.text.startswith("Thank you for calling Acme & Sons <plumbing>.")
    dial, say, _ = ElementTree.fromstring(files["15005550900.xml"].encode())
    assert [number.text for number in dial] == ["+15005550901", "+15005550902"]
    assert (say.get("language"), say.text[:18]) == ("es-US", "Gracias por llamar")


def test_phones_that_ring_in_order_do_so_here_too(db):
    make_business(owners=(OWNER_PHONE, "+15005550201"), ring_strategy="in_order")

    assert printed("--number", "(500) 555-0100")[0].get("sequential") == "true"  # in any spelling


@pytest.mark.parametrize(
    ("business", "verbs"), [({"status": "suspended"}, ["Say", "Hangup"]), ({"owners": ()}, ["Say", "Hangup"])]
)
def test_without_anybody_to_ring_the_caller_hears_a_sentence(db, business, verbs):
    make_business(**business)

    assert [verb.tag for verb in printed()] == verbs


def test_a_number_that_is_not_ours_or_was_released_has_none(acme):
    with pytest.raises(CommandError, match=r"\+15005550999 is not one of our numbers"):
        printed("--number", "+15005550999")
    with pytest.raises(CommandError, match=r"/proc/x cannot be written \(.*\)\. Name a directory"):
        printed("--out", "/proc/x")
    PhoneNumber.objects.update(state="released")
    with pytest.raises(CommandError, match="There are no numbers yet"):
        printed()


@pytest.fixture
def elsewhere(acme, tmp_path):
    """The address of another host, which has the files."""
    written(tmp_path)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    handler.log_message = lambda *_: None
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("owner", "bridged"),
    [(control.answers(talk=40), True), (control.no_answer(), False), (control.busy(), False)],
    ids=["answers", "does not", "is busy"],
)
def test_the_caller_reaches_the_owner_without_us(twilio_api, elsewhere, owner, bridged):
    twilio_api.add_number(
        ACME_NUMBER,
        voice_url=NOBODY_LISTENS,
        voice_fallback_url=f"{elsewhere}/{ACME_NUMBER.lstrip('+')}.xml",
        voice_fallback_method="GET",
    )
    call_sid = twilio_api.place_call(from_=CUSTOMER, to=ACME_NUMBER, owner=owner)
    call = twilio_api.wait_for_call(call_sid)

    [leg] = call["legs"]
    assert (leg["to"], leg["bridged"]) == (OWNER_PHONE, bridged)
    assert call["heard"]["caller"] == ["Thank you for calling Acme Plumbing. " + PLEASE]
    assert call["recordings"] == []
