"""The description of the API, and that it is true."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft4Validator

from conversations.booking.models import Appointment, Resource
from tenants.models import Contact
from tests.api.conftest import SEND, with_session
from tests.api.routes import operations
from tests.fixtures.people import CUSTOMER

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def schema():
    return SchemaGenerator().get_schema(request=None, public=True)


def resolve(node, schema):
    """Return an OpenAPI 3.0 schema as the JSON schema it means."""
    if isinstance(node, list):
        return [resolve(item, schema) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return resolve(schema["components"]["schemas"][node["$ref"].rpartition("/")[2]], schema)
    plain = {key: resolve(value, schema) for key, value in node.items() if key != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if node.get("nullable") else plain


def check(answer, schema, path, method="get"):
    described = schema["paths"][path][method]["responses"]
    found = described.get(str(answer.status_code), described["default"])
    wanted = resolve(found["content"]["application/json"]["schema"], schema)
    wanted["additionalProperties"] = False
    Draft4Validator(wanted).validate(answer.json())


def test_it_is_drawn_without_a_warning(db):
    GENERATOR_STATS.reset()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=StringIO())


def test_it_describes_every_endpoint_and_nothing_else(schema):
    described = {
        (method.upper(), path) for path, methods in schema["paths"].items() for method in METHODS & set(methods)
    }

    assert described == operations()


def test_it_says_who_may_ask_and_how_errors_look(schema):
    operations = [operation for path in schema["paths"].values() for operation in path.values()]

    assert {str(operation["security"]) for operation in operations} == {"[{'key': []}, {'staff': []}]"}
    assert all("default" in operation["responses"] for operation in operations)
    names = {parameter["name"] for parameter in schema["paths"][SEND]["post"]["parameters"]}
    assert names == {"Idempotency-Key"}


def test_answers_are_as_it_says(api, schema, make_call, make_message, make_conversation, maria):
    call, message = make_call(), make_message()
    conversation = f"/api/conversations/{make_conversation().pk}"

    check(api.get("/api/calls/"), schema, "/api/calls/")
    check(api.get(f"/api/calls/{call.pk}"), schema, "/api/calls/{ref}")
    check(api.get("/api/messages/"), schema, "/api/messages/")
    check(api.get(f"/api/messages/{message.pk}"), schema, "/api/messages/{id}")
    check(api.post(SEND, {"to": CUSTOMER, "body": "Hello"}), schema, SEND, "post")
    check(api.post(SEND, {}), schema, SEND, "post")
    check(api.get("/api/calls/0"), schema, "/api/calls/{ref}")
    one = "/api/conversations/{id}"
    check(api.get("/api/conversations/"), schema, "/api/conversations/")
    check(api.post(f"{conversation}/takeover", {"user_id": maria.pk}), schema, f"{one}/takeover", "post")
    check(api.post(f"{conversation}/reply", {"body": "Hello"}), schema, f"{one}/reply", "post")
    check(api.get(conversation), schema, one)
    check(api.get(f"{conversation}/messages/"), schema, f"{one}/messages/")
    check(api.post(f"{conversation}/release", {}), schema, f"{one}/release", "post")
    check(api.post(f"{conversation}/complete", {"outcome": "resolved"}), schema, f"{one}/complete", "post")


def test_a_customers_text_is_as_it_says(api, schema, make_picture):
    message = make_picture().message

    check(api.get("/api/messages/"), schema, "/api/messages/")
    check(api.get(f"/api/messages/{message.pk}"), schema, "/api/messages/{id}")


def test_answers_about_batches_are_as_it_says(api, acme, schema):
    batch = {"body": "Hello {name}", "recipients": [{"to": CUSTOMER, "name": "Ann"}]}

    check(api.post("/api/sms/bulk/preview", batch), schema, "/api/sms/bulk/preview", "post")
    check(api.post("/api/sms/bulk", batch), schema, "/api/sms/bulk", "post")
    check(api.get("/api/sms/bulk"), schema, "/api/sms/bulk")


def test_a_batch_is_json_or_a_form_with_a_file(schema):
    for path in ("/api/sms/bulk", "/api/sms/bulk/preview"):
        bodies = schema["paths"][path]["post"]["requestBody"]["content"]
        needed = {kind: resolve(body["schema"], schema)["required"] for kind, body in bodies.items()}
        assert needed == {"application/json": ["body", "recipients"], "multipart/form-data": ["body", "file"]}


def test_answers_about_contacts_are_as_it_says(api, schema):
    contact = api.post("/api/contacts/", {"number": CUSTOMER}).json()
    one = f"/api/contacts/{contact['id']}"
    line = {"channel": "sms", "purpose_class": "marketing", "granted": True, "written": True, "evidence": "form 17"}

    check(api.post("/api/contacts/", {"number": "+14155550199"}), schema, "/api/contacts/", "post")
    check(api.get("/api/contacts/"), schema, "/api/contacts/")
    check(api.get(one), schema, "/api/contacts/{id}")
    check(api.request("PATCH", one, {"name": "Ann"}), schema, "/api/contacts/{id}", "patch")
    check(api.post(f"{one}/consents", line), schema, "/api/contacts/{id}/consents", "post")
    check(api.get(f"{one}/consents"), schema, "/api/contacts/{id}/consents")


def test_answers_about_visits_are_as_it_says(api, acme, schema):
    crew = Resource.objects.create(tenant=acme, name="Crew")
    starts_at = timezone.now() + timedelta(days=1)
    visit = Appointment.objects.create(
        tenant=acme,
        resource=crew,
        contact=Contact.objects.create(tenant=acme, number=CUSTOMER),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        hold_expires_at=starts_at,
    )
    busy = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=1)).isoformat()}

    check(api.get("/api/appointments/"), schema, "/api/appointments/")
    check(api.get(f"/api/appointments/{visit.pk}"), schema, "/api/appointments/{id}")
    check(api.post(f"/api/appointments/{visit.pk}/confirm"), schema, "/api/appointments/{id}/confirm", "post")
    check(api.post("/api/busy-times/", busy), schema, "/api/busy-times/", "post")
    check(api.get("/api/busy-times/"), schema, "/api/busy-times/")
    check(api.get("/api/slots/"), schema, "/api/slots/")


@pytest.mark.parametrize("path", ["/api/schema/", "/api/schema"])
def test_it_is_open_to_everybody(nobody, db, path):
    answer = nobody.get(path)

    assert answer.status_code == 200
    assert "/api/sms/send:" in answer.text
    assert nobody.get(path, Accept="application/json").json()["openapi"].startswith("3.")


def test_it_says_the_same_to_everybody(nobody, db):
    assert with_session(is_superuser=True).get("/api/schema/").text == nobody.get("/api/schema/").text


@pytest.mark.parametrize("path", ["/api/docs/", "/api/docs"])
def test_its_pages_load_nothing_from_elsewhere(client, path):
    page = client.get(path)
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert page.status_code == 200
    assert len(sources) >= 4
    for source in sources:
        assert re.match("/[^/]", source), source
        answer = client.get(source.replace("&amp;", "&"))
        assert answer.getvalue()
        assert answer.status_code == 200, source
