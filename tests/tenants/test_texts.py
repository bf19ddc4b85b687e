"""What we write to people: ours in two languages, or the business's own wording."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from tenants import texts
from tenants.compliance import Rule
from tenants.models import TextTemplate

# The GSM 03.38 alphabet: a character outside it makes three segments of what fits in two.
GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)


def render(tenant, language: str = "en", key: str = "missed_call", **values: str) -> str:
    return texts.render(tenant_id=tenant.pk, key=key, language=language, values={"business": "Acme", **values})


def own(tenant, body: str, language: str = "en") -> None:
    template = TextTemplate(tenant=tenant, key="missed_call", language=language, body=body)
    template.full_clean()
    template.save()


# -- ours -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_text_back_says_who_writes_and_how_to_stop(acme):
    text = render(acme)

    assert text.startswith("Hi! I missed your call")
    assert "Acme" in text
    assert "STOP" in text


@pytest.mark.parametrize("key", texts.VARIABLES)
@pytest.mark.parametrize("language", ["en", "es"])
def test_every_text_is_shipped_in_both_languages_and_uses_known_variables(key, language):
    body = texts.SHIPPED[key, language]

    assert texts.variables(body) <= texts.VARIABLES[key]
    assert "{business}" in body or "{handle}" in body  # the owner knows whose phone it is


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_text_back_fits_two_segments(language):
    text = texts.fill(texts.SHIPPED["missed_call", language], {"business": "Acme Plumbing & Heating"})

    assert set(text) <= GSM
    assert len(text) <= 2 * 153


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_reason_for_not_texting_can_be_said(language):
    for rule in [*Rule.values, "undelivered", "too_late"]:
        assert rule == "allowed" or texts.REASONS[rule, language]


# -- the business's own -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_businesss_own_wording_is_used(acme, rival):
    own(acme, "{business} here!")

    assert render(acme) == "Acme here!"
    assert render(rival).startswith("Hi!")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("own_languages", "language", "expected"),
    [
        ([], "en", "ours en"),
        ([], "es", "ours es"),
        ([], "fr", "ours en"),
        ([], "", "ours en"),
        (["en"], "en", "own en"),
        (["en"], "es", "ours es"),
        (["en"], "fr", "own en"),
        (["es"], "es", "own es"),
        (["es"], "en", "ours en"),
        (["es"], "fr", "ours en"),
        (["en", "es", "fr"], "fr", "own fr"),
    ],
)
def test_a_language_falls_back_to_ours_and_then_to_english(acme, own_languages, language, expected):
    for its in own_languages:
        own(acme, f"own {its}", its)
    said = render(acme, language)
    ours = {"ours en": "Hi! I missed", "ours es": "¡Hola! No pude"}

    assert said.startswith(ours.get(expected, expected))


@pytest.mark.django_db
def test_a_text_is_one_query(acme, django_assert_num_queries):
    with django_assert_num_queries(1):
        render(acme, "fr")


# -- variables --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["{customer}", "{}", "{ business }", "{business.name}", "Hi {name}!", "{Business}"])
def test_an_unknown_variable_is_refused_by_name(body):
    with pytest.raises(ValidationError) as caught:
        TextTemplate(key="missed_call", body=body).clean()

    (message,) = caught.value.message_dict["body"]
    assert message.endswith("is not a variable of this text; there are {business}")
    assert message.startswith("{")


@pytest.mark.parametrize("body", ["{business}", "Hi!", "{business}{business}", "} {", "{{business}}", "100 {"])
def test_known_variables_and_plain_braces_are_not(body):
    TextTemplate(key="missed_call", body=body).clean()


@pytest.mark.parametrize(
    ("body", "filled"),
    [
        ("{business}!", "Acme!"),
        ("{unknown}", "{unknown}"),
        ("{}", "{}"),
        ("{{business}}", "{Acme}"),
        ("{business", "{business"),
        ("%s {0}", "%s {0}"),
    ],
)
def test_an_unknown_variable_stays_as_it_is_written(body, filled):
    assert texts.fill(body, {"business": "Acme"}) == filled


def test_a_value_is_never_read_as_a_variable():
    assert texts.fill("{business} {customer}", {"business": "{customer}", "customer": "\\1"}) == "{customer} \\1"


@settings(derandomize=True)
@given(st.text())
def test_filling_never_fails(body):
    assert isinstance(texts.fill(body, {"business": "Acme"}), str)


@pytest.mark.django_db
def test_a_business_has_one_wording_for_each_text_and_language(acme):
    own(acme, "one")
    with pytest.raises(IntegrityError), transaction.atomic():
        TextTemplate.objects.create(tenant=acme, key="missed_call", language="en", body="two")

    assert str(TextTemplate.objects.get()) == "missed_call (en)"


@pytest.mark.django_db
def test_a_text_that_we_do_not_write_cannot_be_worded(acme):
    with pytest.raises(ValidationError, match="not a valid choice"):
        TextTemplate(tenant=acme, key="birthday", body="Hi").full_clean()
