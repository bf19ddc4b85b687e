"""People in the API, and what they agreed to."""

import pytest

from nevermisscall.outbox.models import Fact
from tenants.models import Consent, Contact
from tests.api.conftest import with_key, with_session
from tests.fixtures.people import ACME_NUMBER, CUSTOMER

LINE = {"channel": "sms", "purpose_class": "marketing", "granted": True, "written": True, "evidence": "form 17"}


@pytest.fixture
def contact(acme):
    return Contact.objects.create(tenant=acme, number=CUSTOMER)


def consents(contact):
    return f"/api/contacts/{contact.pk}/consents"


def error_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_a_contact_is_added_found_and_changed(api):
    made = api.post("/api/contacts/", {"number": "(415) 555-0123", "name": "Ann", "language": "es"})
    assert (made.status_code, made.json()["number"], made.json()["opted_out_at"]) == (201, CUSTOMER, None)

    [found] = api.get("/api/contacts/?number=415-555-0123").json()["results"]
    assert found == made.json()
    assert api.get("/api/contacts/?number=4155550199").json()["results"] == []
    changed = api.request("PATCH", f"/api/contacts/{found['id']}", {"do_not_automate": True, "name": ""}).json()
    assert changed == {**found, "do_not_automate": True, "name": ""}


def test_a_contact_that_is_there_is_not_made_again(api, contact):
    answer = api.post("/api/contacts/", {"number": CUSTOMER, "name": "Somebody else"})

    assert error_of(answer) == (409, "CONTACT_EXISTS")
    assert Contact.objects.get().name == ""


def test_the_platform_says_whose_contact_it_is(acme, rival):
    answer = with_key(None).post("/api/contacts/", {"number": CUSTOMER})
    assert "tenant" in answer.json()["error"]["fields"]

    made = with_key(None).post("/api/contacts/", {"number": CUSTOMER, "tenant": rival.pk})
    assert (made.status_code, made.json()["tenant_id"]) == (201, rival.pk)
    assert with_key(acme).post("/api/contacts/", {"number": CUSTOMER, "tenant": rival.pk}).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [({"language": "fr"}, "language"), ({"name": "x" * 121}, "name"), ({"is_blocked": "maybe"}, "is_blocked")],
    ids=["a language we do not have", "a name that is too long", "no yes and no no"],
)
def test_a_change_that_cannot_be_made_is_said(api, contact, change, field):
    answer = api.request("PATCH", f"/api/contacts/{contact.pk}", change)

    assert list(answer.json()["error"]["fields"]) == [field]


def test_a_number_or_an_opt_out_cannot_be_changed(api, contact):
    answer = api.request("PATCH", f"/api/contacts/{contact.pk}", {"number": "+14155550199", "opted_out_at": None})

    assert (answer.status_code, answer.json()["number"]) == (200, CUSTOMER)


def test_a_written_consent_to_advertising_is_kept_with_its_evidence(api, contact):
    line = api.post(consents(contact), LINE)

    assert line.status_code == 201
    assert api.get(consents(contact)).json()["results"] == [line.json()]
    assert {**line.json(), **LINE, "source": "api"} == line.json()


@pytest.mark.parametrize(
    ("change", "code"),
    [({"written": False}, "NOT_WRITTEN"), ({"evidence": "  "}, "NO_EVIDENCE")],
    ids=["spoken", "without evidence"],
)
def test_advertising_that_nobody_could_prove_is_refused(api, contact, change, code):
    assert error_of(api.post(consents(contact), LINE | change)) == (409, code)
    assert not Consent.objects.exists()


def test_staff_sign_what_they_write_and_need_evidence_too(contact):
    staff = with_session("add_consent")
    assert error_of(staff.post(consents(contact), LINE | {"evidence": ""})) == (409, "NO_EVIDENCE")
    line = staff.post(consents(contact), LINE).json()

    assert (line["source"], line["evidence"]) == ("admin", "user-0: form 17")


def test_advertising_is_taken_back_once(api, contact):
    api.post(consents(contact), LINE)
    first = api.post(consents(contact), LINE | {"granted": False}).json()
    again = api.post(consents(contact), LINE | {"granted": False}).json()

    assert first == again
    assert [line["granted"] for line in api.get(consents(contact)).json()["results"]] == [False, True]
    assert api.get(f"/api/contacts/{contact.pk}").json()["opted_out_at"] is None


def test_taking_back_informational_texts_is_opting_out(api, contact):
    line = {"channel": "sms", "purpose_class": "informational", "granted": False, "evidence": "said so on the phone"}
    answer = api.post(consents(contact), line)

    assert (answer.status_code, answer.json()["evidence"]) == (201, "said so on the phone")
    assert api.get(f"/api/contacts/{contact.pk}").json()["opted_out_at"] is not None
    assert Fact.objects.filter(topic="contact.opted_out").count() == 1
    assert error_of(api.post(consents(contact), LINE)) == (409, "OPTED_OUT")
    assert Consent.objects.filter(is_granted=True).count() == 0


def test_a_repeat_under_a_key_writes_one_line(api, contact):
    answers = [api.post(consents(contact), LINE, **{"Idempotency-Key": "form-17"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert Consent.objects.count() == 1


def test_a_batch_of_advertising_reaches_those_who_agreed_and_nobody_else(api, contact, twilio_api, do_due_work):
    api.post(consents(contact), LINE)
    body = {
        "body": "Spring offer",
        "from": ACME_NUMBER,
        "purpose": "marketing",
        "recipients": [{"to": CUSTOMER}, {"to": "+14155550199"}],
    }
    made = api.post("/api/sms/bulk", body).json()
    do_due_work()

    assert made["purpose"] == "marketing"
    assert [text["to"] for text in twilio_api.messages()] == [CUSTOMER]
    results = api.get(f"/api/sms/bulk/{made['id']}/results").getvalue().decode()
    assert "+14155550199,refused,no_consent" in results


def test_a_batch_is_the_same_news_to_all_or_advertising(api):
    body = {"body": "Hi", "recipients": [{"to": CUSTOMER}]}

    assert api.post("/api/sms/bulk", body).json()["purpose"] == "bulk"
    assert list(api.post("/api/sms/bulk", body | {"purpose": "reply"}).json()["error"]["fields"]) == ["purpose"]
