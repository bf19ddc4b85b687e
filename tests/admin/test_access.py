"""Keys, secrets, opt-outs: what is shown once, never, or cannot be undone."""

import re

from django.contrib.admin.models import LogEntry

from nevermisscall.lib.admin import change_url, list_url
from tenants.models import ApiKey, Consent, Contact, PhoneNumber, Tenant, TwilioAccount


def create_key(client, tenant, **fields):
    form = {"tenant": tenant.pk, "name": "reports", "scopes": ["read", "write"], **fields}
    return client.post(f"{list_url(ApiKey)}add/", form, follow=True)


def test_a_new_key_is_shown_once(staff, acme):
    shown = re.search(r"nmc_[\w-]{43}", create_key(staff, acme).text)[0]
    key = ApiKey.objects.get()

    assert key.key_hash == ApiKey.digest(shown)
    assert (key.tenant, key.scopes) == (acme, ["read", "write"])
    for url in (list_url(ApiKey), change_url(key), f"{list_url(ApiKey)}{key.pk}/history/"):
        page = staff.get(url).text
        assert shown not in page
        assert key.key_hash not in page
    assert shown not in "".join(entry.change_message for entry in LogEntry.objects.all())


def test_a_key_needs_a_scope(staff, acme):
    assert "This field is required" in create_key(staff, acme, scopes=[]).text
    assert not ApiKey.objects.exists()


def test_a_key_is_revoked_from_its_page_and_from_the_list(staff, acme):
    one, other = (ApiKey.issue(tenant_id=acme.pk, name=name, scopes=["read"])[0] for name in "ab")
    staff.post(change_url(one), {"name": "a", "tenants_apikey_revoke": "1"})
    staff.post(list_url(ApiKey), {"action": "revoke_keys", "_selected_action": [other.pk]})

    one.refresh_from_db()
    other.refresh_from_db()
    assert not one.is_usable()
    assert not other.is_usable()
    assert LogEntry.objects.filter(change_message="Revoked").count() == 2


def test_a_key_is_not_revoked_by_those_who_may_only_look(log_in, acme):
    key, _ = ApiKey.issue(tenant_id=acme.pk, name="a", scopes=["read"])
    client = log_in("tenants.view_apikey")
    client.post(change_url(key), {"name": "a", "tenants_apikey_revoke": "1"})
    client.post(list_url(ApiKey), {"action": "revoke_keys", "_selected_action": [key.pk]})

    key.refresh_from_db()
    assert key.is_usable()


def account(acme):
    return TwilioAccount.objects.create(
        tenant=acme, account_sid="AC" + "7" * 32, auth_token="hush-now", auth_token_secondary="hush-old"
    )


def account_form(row, **fields):
    return {"tenant": row.tenant_id, "account_sid": row.account_sid, "shared_key_id": "", **fields}


def test_secrets_of_an_account_go_in_and_never_come_out(staff, acme):
    row = account(acme)
    pages = [staff.get(change_url(row)), staff.get(list_url(TwilioAccount))]
    pages.append(staff.post(change_url(row), account_form(row, account_sid="", auth_token="hush-new")))

    assert "Stored. Leave blank to keep it." in pages[0].text
    assert not [page for page in pages if "hush" in page.text]


def test_a_viewer_of_accounts_does_not_see_them_either(log_in, acme):
    page = log_in("tenants.view_twilioaccount").get(change_url(account(acme)))

    assert page.status_code == 200
    assert "hush" not in page.text
    assert "gAAAA" not in page.text


def test_a_blank_secret_keeps_the_stored_one_and_a_ticked_box_forgets_it(staff, acme):
    row = account(acme)
    staff.post(change_url(row), account_form(row))
    row.refresh_from_db()
    assert (row.auth_token, row.auth_token_secondary) == ("hush-now", "hush-old")

    staff.post(change_url(row), account_form(row, auth_token="hush-new", forget_secondary="on"))
    row.refresh_from_db()
    assert (row.auth_token, row.auth_token_secondary) == ("hush-new", "")


def test_an_account_needs_a_token(staff, acme):
    form = {"tenant": acme.pk, "account_sid": "AC" + "8" * 32}

    assert "needs its primary auth token" in staff.post(f"{list_url(TwilioAccount)}add/", form).text
    staff.post(f"{list_url(TwilioAccount)}add/", {**form, "auth_token": "hush"})
    assert TwilioAccount.objects.get().auth_token == "hush"


def test_a_number_is_typed_as_people_write_it(staff, acme):
    form = {"number": "(415) 555-0199", "tenant": acme.pk, "state": "active"}
    staff.post(f"{list_url(PhoneNumber)}add/", form)

    assert PhoneNumber.objects.filter(number="+14155550199", tenant=acme).exists()
    assert "wrong number of digits" in staff.post(f"{list_url(PhoneNumber)}add/", form | {"number": "12"}).text


def test_a_number_shows_what_to_enter_at_twilio(staff, acme):
    page = staff.get(change_url(acme.numbers.get())).text

    assert "https://nmc.example.com/webhooks/twilio/call#rc=2" in page
    assert "https://nmc.example.com/webhooks/twilio/sms#rc=2" in page


def test_a_number_gets_a_pool_and_is_found_by_it(staff, acme):
    number, pool = acme.numbers.get(), "MG" + "a" * 32
    form = {"number": number.number, "tenant": acme.pk, "state": "active", "is_primary": "on"}

    assert "32 hexadecimal digits" in staff.post(change_url(number), form | {"messaging_service_sid": "MG1"}).text
    staff.post(change_url(number), form | {"messaging_service_sid": pool})
    number.refresh_from_db()
    assert number.messaging_service_sid == pool
    assert number.number in staff.get(list_url(PhoneNumber), {"q": pool}).text


def test_a_person_opts_out_from_their_page(staff, acme):
    contact = Contact.objects.create(tenant=acme, number="+14155550123")
    ledger = {"consents-TOTAL_FORMS": 0, "consents-INITIAL_FORMS": 0}
    staff.post(change_url(contact), {**ledger, "name": "Ann", "language": "", "tenants_contact_opt_out": "1"})

    contact.refresh_from_db()
    assert contact.opted_out_at is not None
    assert contact.name == "Ann"


def add_line(staff, contact, **line):
    ledger = {"consents-TOTAL_FORMS": 1, "consents-INITIAL_FORMS": 0, "consents-0-contact": contact.pk}
    said = {"channel": "sms", "purpose_class": "marketing", "is_granted": "on", "is_written": "on"} | line
    fields = {f"consents-0-{name}": value for name, value in said.items() if value}
    return staff.post(change_url(contact), {**ledger, **fields, "name": "", "language": ""})


def test_a_consent_is_written_down_on_the_persons_page_with_who_did_it(staff, acme):
    contact = Contact.objects.create(tenant=acme, number="+14155550123")
    assert add_line(staff, contact, evidence="form 17").status_code == 302
    add_line(staff, contact, is_granted="", is_written="", evidence="called")

    lines = Consent.objects.order_by("pk").values_list("is_granted", "source", "evidence")
    assert list(lines) == [(True, "admin", "olga: form 17"), (False, "admin", "olga: called")]


def test_a_consent_that_nobody_could_prove_is_refused_on_the_page(staff, acme):
    contact = Contact.objects.create(tenant=acme, number="+14155550123")

    assert "say in the evidence where" in add_line(staff, contact, evidence="").text
    assert "in writing" in add_line(staff, contact, is_written="", evidence="form 17").text
    assert not Consent.objects.exists()


def test_a_business_is_made_and_changed_with_its_numbers_and_texts(staff, db):
    inlines = {
        f"{name}-{field}": number
        for name in ("numbers", "owner_numbers", "hours", "closures", "text_templates")
        for field, number in {"TOTAL_FORMS": 1, "INITIAL_FORMS": 0, "MIN_NUM_FORMS": 0, "MAX_NUM_FORMS": 1000}.items()
    }
    answer = staff.post(
        f"{list_url(Tenant)}add/",
        {
            **inlines,
            "name": "Bright Sparks",
            "status": "active",
            "timezone": "America/Denver",
            "language": "en",
            "trade": "electrical",
            "ring_timeout_seconds": "20",
            "ring_strategy": "together",
            "answer_screening": "press_1",
            "recording_mode": "off",
            "missed_call_action": "text",
            "text_back_cooldown_minutes": "30",
            "daily_text_cap": "5000",
            "appointment_minutes": "60",
            "booking_notice_minutes": "60",
            "job_estimates": "{}",
            "retention_days": "365",
            "numbers-0-number": "(303) 555-0100",
            "numbers-0-state": "active",
            "numbers-0-is_primary": "on",
            "owner_numbers-0-number": "303 555 0101",
            "owner_numbers-0-position": "0",
            "owner_numbers-0-is_active": "on",
            "hours-0-weekday": "0",
            "hours-0-opens_at": "08:00",
            "hours-0-closes_at": "17:00",
            "text_templates-0-key": "missed_call",
            "text_templates-0-language": "en",
            "text_templates-0-body": "Hi, {business} here. Sorry we missed you.",
        },
    )

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    tenant = Tenant.objects.get()
    assert tenant.numbers.get().number == "+13035550100"
    assert tenant.owner_numbers.get().number == "+13035550101"
    assert "Hi, Bright Sparks here." in staff.get(change_url(tenant)).text


def test_a_business_cannot_be_deleted(staff, acme):
    assert staff.post(f"{list_url(Tenant)}{acme.pk}/delete/", {"post": "yes"}).status_code == 403
