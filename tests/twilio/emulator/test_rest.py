"""The REST API through the real SDK: who may ask, and the shapes that it does not look at."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests
from twilio.rest import Client

from tests.twilio.emulator.conftest import ACCOUNT_SID, AUTH_TOKEN, BUSINESS, CUSTOMER, Rewriting
from tests.twilio.emulator.rest import ROOT, get, refused, text

# --- who may ask ---


@pytest.mark.parametrize("auth", [None, (ACCOUNT_SID, "wrong"), ("AC" + "0" * 32, AUTH_TOKEN)])
def test_wrong_credentials(phone, auth):
    response = requests.get(f"{phone.base_url}{ROOT}/Messages.json", auth=auth, timeout=5)

    assert response.status_code == 401
    assert response.json() == {
        "code": 20003,
        "message": "Authenticate",
        "more_info": "https://www.twilio.com/docs/errors/20003",
        "status": 401,
    }


def test_what_does_not_exist(phone, api):
    assert refused(lambda: api.messages("SM" + "0" * 32).fetch()) == (404, 20404)
    assert refused(lambda: api.calls("CA" + "0" * 32).fetch()) == (404, 20404)
    assert get(phone, "/Nothing.json").json()["code"] == 20404
    assert requests.put(f"{phone.base_url}{ROOT}/Messages.json", timeout=5).json()["code"] == 20004


def test_accounts_see_only_their_own(phone, api, product):
    other = "AC" + "c" * 32
    phone.add_account(other, "other-token")
    theirs = Client(other, "other-token", http_client=Rewriting(phone.base_url))
    mine = text(api)

    assert theirs.api.v2010.accounts(other).fetch().status == "active"
    assert theirs.messages.list() == []
    assert refused(lambda: theirs.messages(mine.sid).fetch()) == (404, 20404)
    assert refused(lambda: theirs.messages.create(from_=BUSINESS, to=CUSTOMER, body="Hi")) == (400, 21606)
    foreign = requests.get(f"{phone.base_url}{ROOT}/Messages.json", auth=(other, "other-token"), timeout=5)
    assert foreign.status_code == 404


def test_both_tokens_of_an_account_may_ask_until_one_is_promoted(phone):
    other = "AC" + "c" * 32

    def asked() -> list[int]:
        path = f"{phone.base_url}/2010-04-01/Accounts/{other}/Messages.json"
        return [requests.get(path, auth=(other, token), timeout=5).status_code for token in ("old", "new", "")]

    phone.add_account(other, "old", secondary_token="new")
    assert asked() == [200, 200, 401]
    phone.add_account(other, "new")
    assert asked() == [401, 200, 401]


# --- shapes ---


@pytest.fixture
def spec():
    return json.loads((Path(__file__).parent / "twilio_resource_fields.json").read_text())


def test_resources_have_the_fields_of_twilios_own_description(phone, api, product, spec):
    product.on("/voice", '<Response><Record action="/done"/></Response>')
    message = text(api)
    sid = phone.place_call(from_=CUSTOMER, to=BUSINESS)
    [recording] = phone.wait_for_call(sid)["recordings"]
    number = api.incoming_phone_numbers.list()[0]
    shown = {
        "message": get(phone, f"/Messages/{message.sid}.json").json(),
        "call": get(phone, f"/Calls/{sid}.json").json(),
        "recording": get(phone, f"/Recordings/{recording}.json").json(),
        "incoming_phone_number": get(phone, f"/IncomingPhoneNumbers/{number.sid}.json").json(),
        "available_phone_number_local": get(phone, "/AvailablePhoneNumbers/US/Local.json").json()[
            "available_phone_numbers"
        ][0],
    }
    assert {name: sorted(fields) for name, fields in shown.items()} == spec


def test_values_are_spelt_as_twilio_spells_them(phone, api):
    shown = get(phone, f"/Messages/{text(api).sid}.json").json()

    assert (shown["num_segments"], shown["num_media"], shown["error_code"]) == ("1", "0", None)
    assert shown["date_created"].endswith(" +0000")
    assert datetime.now(UTC) - parsedate_to_datetime(shown["date_created"]) < timedelta(seconds=5)
    assert shown["uri"] == f"{ROOT}/Messages/{shown['sid']}.json"
    assert shown["subresource_uris"]["media"] == f"{ROOT}/Messages/{shown['sid']}/Media.json"
