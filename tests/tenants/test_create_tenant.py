"""`manage.py create_tenant`: a business in one line, as often as one likes."""

import json
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from tenants.models import ApiKey, Membership, OwnerNumber, PhoneNumber, Tenant
from tests.calls.conftest import numbers, verbs

pytestmark = pytest.mark.django_db

NUMBER, OWNER = "+15550001000", "+15550002000"


def create(*arguments: str, name: str = "Acme", number: str = NUMBER, forward_to: str = OWNER) -> str:
    output = StringIO()
    call_command(
        "create_tenant", "--name", name, "--number", number, "--forward-to", forward_to, *arguments, stdout=output
    )
    return output.getvalue()


def create_json(*arguments: str, **words: str) -> dict:
    return json.loads(create("--json", *arguments, **words))


def refusal(*arguments: str, **words: str) -> str:
    with pytest.raises(CommandError) as caught:
        create(*arguments, **words)
    assert not Tenant.objects.exists()
    return str(caught.value)


def test_it_prints_what_was_made_as_one_json_object():
    result = create_json()

    key = result.pop("api_key")
    assert result == {
        "tenant_id": Tenant.objects.get().pk,
        "number_id": PhoneNumber.objects.get().pk,
        "user_id": get_user_model().objects.get().pk,
    }
    assert ApiKey.objects.get().key_hash == ApiKey.digest(key)
    assert ApiKey.objects.get().tenant == Tenant.objects.get()


def test_without_json_it_prints_lines_for_people():
    output = create()

    assert [line.split()[0] for line in output.splitlines()] == ["tenant_id", "number_id", "user_id", "api_key"]


def test_the_business_takes_calls_at_once(twilio):
    create()

    assert numbers(twilio.incoming_call(To=NUMBER)) == [OWNER]


def test_a_running_process_hears_of_it(twilio):
    assert verbs(twilio.incoming_call(To=NUMBER)) == ["Reject"]
    create()

    assert verbs(type(twilio)(twilio.client).incoming_call(To=NUMBER)) == ["Dial", "Number"]


def test_several_owners_ring_in_the_order_given():
    create(forward_to=f"{OWNER},+15550002002, +15550002001")

    assert list(OwnerNumber.objects.values_list("number", "position")) == [
        (OWNER, 0),
        ("+15550002002", 1),
        ("+15550002001", 2),
    ]


def test_numbers_may_be_written_as_people_write_them():
    create(number="(555) 000-1000", forward_to="555 000 2000")

    assert PhoneNumber.objects.get().number == NUMBER
    assert OwnerNumber.objects.get().number == OWNER


# -- again ------------------------------------------------------------------------------------------------------------


def test_again_it_makes_nothing_but_another_key():
    first, second = create_json(), create_json()

    assert first.pop("api_key") != second.pop("api_key")
    assert first == second
    made = [model.objects.count() for model in (Tenant, PhoneNumber, OwnerNumber, Membership, ApiKey)]
    assert made == [1, 1, 1, 1, 2]


def test_again_it_changes_what_is_given_and_keeps_the_rest():
    create("--timezone", "America/Denver", "--set", "ring_timeout_seconds=30")
    create("--set", "ring_strategy=in_order", name="Acme & Sons")

    tenant = Tenant.objects.get()
    assert (tenant.name, tenant.timezone, tenant.ring_timeout_seconds) == ("Acme & Sons", "America/Denver", 30)
    assert tenant.ring_strategy == "in_order"


def test_again_with_another_owner_the_former_is_not_rung_but_known():
    create()
    create(forward_to="+15550002009")

    assert dict(OwnerNumber.objects.values_list("number", "is_active")) == {OWNER: False, "+15550002009": True}


def test_a_released_number_may_be_somebody_elses_now():
    first = create_json()
    PhoneNumber.objects.update(state="released")
    second = create_json(name="Other")

    assert first["tenant_id"] != second["tenant_id"]
    assert PhoneNumber.objects.count() == 2


# -- fields -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assignment", "field", "value"),
    [
        ("language=es", "language", "es"),
        ("service_area=Soho, SoMa", "service_area", "Soho, SoMa"),
        ("service_area=a=b", "service_area", "a=b"),
        ("service_area=", "service_area", ""),
        ('job_estimates={"drain": "from $99"}', "job_estimates", {"drain": "from $99"}),
        ("ring_timeout_seconds=30", "ring_timeout_seconds", 30),
        ("ring_after_hours=true", "ring_after_hours", True),
        ("ring_after_hours=True", "ring_after_hours", True),
        ("ring_after_hours=1", "ring_after_hours", True),
        ("ai_enabled=false", "ai_enabled", False),
        ("ai_enabled=0", "ai_enabled", False),
        ("ai_takeover_seconds=0", "ai_takeover_seconds", 0),
        ("ai_takeover_seconds=", "ai_takeover_seconds", None),
        ("answer_screening=off", "answer_screening", "off"),
        ("recording_mode=voicemail_only", "recording_mode", "voicemail_only"),
        ("missed_call_action=voicemail", "missed_call_action", "voicemail"),
        ("text_back_cooldown_minutes=0", "text_back_cooldown_minutes", 0),
        ("retention_days=30", "retention_days", 30),
        ("status=suspended", "status", "suspended"),
        ("trade=plumbing", "trade", "plumbing"),
    ],
)
def test_any_field_can_be_set(assignment, field, value):
    create("--set", assignment)

    assert getattr(Tenant.objects.get(), field) == value


def test_several_can_be_set_at_once():
    create("--trade", "electrical", "--set", "language=es", "--set", "retention_days=7")

    tenant = Tenant.objects.get()
    assert (tenant.trade, tenant.language, tenant.retention_days) == ("electrical", "es", 7)


# -- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("colour=red", "--set colour: there is no such field; there are ai_enabled, "),
        ("id=7", "--set id: there is no such field"),
        ("created_at=2020-01-01", "--set created_at: there is no such field"),
        ("language", "--set language: write it as language=VALUE"),
        ("=x", "--set : there is no such field"),
        ("language=fr", "language: Value 'fr' is not a valid choice."),
        ("status=", "status: This field cannot be blank."),
        ("ring_timeout_seconds=soon", "--set ring_timeout_seconds: 'soon' is not a value of this field"),
        ("ring_timeout_seconds=", "--set ring_timeout_seconds: '' is not a value of this field"),
        ("ring_timeout_seconds=3", "ring_timeout_seconds: Ensure this value is greater than or equal to 5."),
        ("ring_timeout_seconds=600", "ring_timeout_seconds: Ensure this value is less than or equal to 60."),
        ("retention_days=99999", "retention_days: Ensure this value is less than or equal to 32767."),
        ("ring_after_hours=maybe", "--set ring_after_hours: 'maybe' is not a value of this field"),
        ("ring_after_hours=", "--set ring_after_hours: '' is not a value of this field"),
        ("job_estimates={", "--set job_estimates: '{' is not a value of this field"),
        ("job_estimates=[1]", "--set job_estimates: '[1]' is not a value of this field"),
        ('job_estimates={"a": NaN}', "--set job_estimates: '{\"a\": NaN}' is not a value of this field"),
        ("timezone=Mars/Base", "timezone: “Mars/Base” is no IANA time zone; use one like America/New_York"),
        ("name=" + "x" * 121, "name: Ensure this value has at most 120 characters (it has 121)."),
    ],
)
def test_a_bad_value_gives_one_clear_sentence(assignment, said):
    message = refusal("--set", assignment)

    assert message.startswith(said)
    assert "\n" not in message


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"number": "abc"}, "“abc” is not a phone number; write it like +14155550123"),
        ({"number": "12"}, "“12” has the wrong number of digits; write it like +14155550123"),
        ({"forward_to": ""}, "“” is not a phone number; write it like +14155550123"),
        ({"forward_to": f"{OWNER},"}, "“” is not a phone number; write it like +14155550123"),
        ({"forward_to": f"{OWNER},x"}, "“x” is not a phone number; write it like +14155550123"),
        ({"forward_to": NUMBER}, f"--forward-to {NUMBER}: that is the business's number; it cannot ring itself"),
        ({"name": ""}, "name: This field cannot be blank."),
    ],
)
def test_a_bad_number_or_name_gives_one_clear_sentence(words, said):
    assert refusal(**words) == said


@pytest.mark.parametrize("missing", ["--name", "--number", "--forward-to"])
def test_what_is_missing_is_named(missing):
    given = {"--name": "Acme", "--number": NUMBER, "--forward-to": OWNER}
    del given[missing]

    with pytest.raises(CommandError, match=missing):
        call_command("create_tenant", *(word for pair in given.items() for word in pair))
