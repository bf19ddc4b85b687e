"""Words that would be code somewhere: stored as they came, and only ever words in TwiML, pages, files and logs."""

import csv
import io
import json
from xml.etree import ElementTree

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from calls.alerts import services as alert_services
from calls.alerts.models import AlertCall
from calls.models import Call
from nevermisscall.lib.admin import change_url, list_url
from nevermisscall.lib.logs import JsonFormatter, TextFormatter
from nevermisscall.lib.text import storable
from nevermisscall.webhooks.models import WebhookReceipt
from sms.bulk.models import Batch, Recipient
from sms.models import Message
from tenants import routing
from tenants.models import Contact, PhoneNumber, TextTemplate
from tests.admin.conftest import deliver_facts, operator, staff  # noqa: F401 - the same people
from tests.api.conftest import with_key
from tests.calls.alerts.conftest import AlertedPhone
from tests.fixtures.people import ACME_NUMBER, CUSTOMER, OWNER_PHONE
from tests.fixtures.webhooks import TwilioPhone

pytestmark = [pytest.mark.django_db, pytest.mark.fault("F20")]

CODE = {
    "markup": "<Hangup/><Dial>+19005550100</Dial>",
    "the end of an attribute": '"/><Redirect>http://x</Redirect>',
    "CDATA": "]]></Say><Hangup/><![CDATA[",
    "an entity": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;&#0;&amp;',
    "a comment": "--><!-- <?xml version='1.0'?>",
    "a script": "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>",
    "SQL": "'; DROP TABLE calls_call; -- %s %(x)s",
    "a template": "{{ 7|add:7 }}{% include '/etc/passwd' %}{business}{0.__class__}",
    "headers": "a\r\nSet-Cookie: x=1\r\n\r\n<html>",
    "log lines": '"}\n{"level": "error", "message": "forged"}\r\x1b[2J',
    "a formula": "=cmd|' /C calc'!A0",
    "control characters": "a\x01\x08\x0b\x0c\x1f\x7f\x85\u2028\ufffe\uffffb",
    "right to left": "\u202egnp.exe\u2066",
}
FIELDS = ["Body", "CallerName", "FromCity", "CallerCity", "ToState", "FromZip", "StirVerstat", "ForwardedFrom"]

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
with_database = settings(
    derandomize=True, max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
each_kind = pytest.mark.parametrize("text", CODE.values(), ids=CODE)


def verbs(answer) -> list[tuple[str, ...]]:
    """Return each element of an answer with the names of its attributes. Fails if it is not XML."""
    return [(element.tag, *sorted(element.attrib)) for element in ElementTree.fromstring(answer.content).iter()]


def heard(client, tenant, text: str) -> list[list[tuple[str, ...]]]:
    """Return what is answered when everything that anybody chose is `text`, and forget that it happened."""
    said = dict.fromkeys(FIELDS, text)
    with transaction.atomic():
        tenant.name = storable(text)[:120].strip() or "x"
        tenant.missed_call_action = "voicemail"
        tenant.save()
        phone = TwilioPhone(client)
        number = PhoneNumber.objects.get(number=ACME_NUMBER)
        alert = alert_services.place(
            number=number,
            to_number=OWNER_PHONE,
            words=storable(text)[:600] or "x",
            connect_to=CUSTOMER,
            language="en",
            idempotency_key="alert",
        )
        AlertCall.objects.update(status="calling", call_at=None)
        alerted = AlertedPhone(phone, alert)
        answers = [
            phone.incoming_call(**said),
            phone.screen(**said),
            phone.press("2", **said),
            phone.dial_action(DialCallStatus="no-answer", **said),
            phone.post(f"/webhooks/twilio/call/voicemail/{phone.call_sid}", phone.call_fields(**said)),
            phone.call_ends(**said),
            phone.text(**{**said, "body": said["Body"]}),
            alerted.picks_up(**said),
            alerted.presses("7", **said),
        ]
        transaction.set_rollback(True)
    routing.table.forget()
    return [verbs(answer) for answer in answers]


@with_database
@given(text=words)
@example(text=CODE["markup"])
@example(text=CODE["the end of an attribute"])
@example(text=CODE["CDATA"])
@example(text=CODE["an entity"])
@example(text=CODE["control characters"])
def test_any_words_are_heard_like_harmless_ones(acme, client, text):
    assert heard(client, acme, text) == heard(client, acme, "x")


@each_kind
def test_they_are_stored_as_they_came(acme, client, text):
    phone = TwilioPhone(client)
    phone.incoming_call(**dict.fromkeys(FIELDS[1:7], text))
    phone.text(text, From=CUSTOMER, FromCity=text)

    call, message = WebhookReceipt.objects.order_by("pk")
    assert [call.params[name] for name in FIELDS[1:7]] == [text] * 6
    assert (message.params["Body"], message.params["FromCity"]) == (text, text)
    assert Message.objects.get().body == text


@each_kind
def test_they_leave_no_line_in_a_log(acme, client, caplog, text):
    caplog.set_level("DEBUG")
    phone = TwilioPhone(client)
    phone.incoming_call(**dict.fromkeys(FIELDS, text))
    phone.text(text, From=text[:200])
    client.get(f"/api/calls/{text}", headers={"User-Agent": "x"})
    client.get("/nothing/" + text.replace("\r", "%0D").replace("\n", "%0A"))

    for formatter in (JsonFormatter(), TextFormatter()):
        for record in caplog.records:
            line = formatter.format(record)
            assert not set("\r\n\x1b\x85\u2028") & set(line), record.getMessage()
            assert isinstance(formatter, TextFormatter) or json.loads(line)["level"] != "error"


def test_pages_of_the_admin_show_them_as_words(acme, client, staff):  # noqa: F811
    text = "".join(CODE.values())
    TextTemplate.objects.create(tenant=acme, key="missed_call", language="en", body=text)
    acme.name = CODE["a script"]
    acme.save()
    phone = TwilioPhone(client)
    phone.incoming_call(**dict.fromkeys(FIELDS[1:7], text))
    phone.dial_action(DialCallStatus="no-answer")
    phone.text(text)
    deliver_facts()
    Contact.objects.update(name=CODE["a script"][:80])
    seen = ""
    for row in [
        *Call.objects.all(),
        *Message.objects.all(),
        *WebhookReceipt.objects.all(),
        *Contact.objects.all(),
        acme,
    ]:
        for url in (change_url(row), list_url(type(row))):
            page = staff.get(url)
            assert page.status_code == 200
            seen += page.text
    seen += staff.get(list_url(Message), {"q": text}).text + staff.get("/admin/").text

    for code in ("<script>alert(1)", "<img src=x", "<Hangup/>", "<Redirect>", "<!ENTITY", "14{business}"):
        assert code not in seen
    assert "Set-Cookie: x=1" not in str(dict(page.headers))


@each_kind
def test_a_file_for_a_spreadsheet_has_no_formula_in_it(acme, text):
    number = PhoneNumber.objects.get(number=ACME_NUMBER)
    batch = Batch.objects.create(tenant=acme, phone_number=number, body="Hello", purpose="bulk", status="completed")
    Recipient.objects.create(batch=batch, row=1, to_number=text[:16], refusal="opted_out")
    answer = with_key(acme).get(f"/api/sms/bulk/{batch.pk}/results")
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode(), newline="")))

    assert len(rows) == 2
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert rows[1][1] in {text[:16], f"'{text[:16]}"}


@each_kind
def test_what_we_text_back_is_what_the_business_wrote(acme, client, twilio_api, do_due_work, text):
    TextTemplate.objects.create(tenant=acme, key="missed_call", language="en", body=text)
    phone = TwilioPhone(client)
    phone.incoming_call()
    phone.dial_action(DialCallStatus="no-answer")
    do_due_work()

    [sent] = twilio_api.messages(to=CUSTOMER)
    assert sent["body"] == text.replace("{business}", "Acme Plumbing").strip()
