"""What Twilio did not sign for exactly this URL and these fields is refused, unread, on every endpoint."""

from urllib.parse import urlencode

import pytest

from nevermisscall.twilio import signature
from tests.fixtures.webhooks import FORM
from tests.webhooks.conftest import RIVAL_ACCOUNT, RIVAL_TOKEN
from tests.webhooks.routes import MARKER, TWILIOS, every_path, fields_of, is_webhook, twilio_paths

ORIGIN = "https://nmc.example.com"
TOKEN = "primary-token"

pytestmark = pytest.mark.django_db


def signed(url: str, fields: dict[str, str], token: str = TOKEN, **options: str) -> str:
    return signature.compute(url, list(fields.items()), token, **options)


# What makes a signature wrong → how such a one is made for a path and its fields.
FORGERIES = {
    "none": lambda path, fields: None,
    "empty": lambda path, fields: "",
    "not ASCII": lambda path, fields: "é",
    "made up": lambda path, fields: "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    "cut short": lambda path, fields: signed(ORIGIN + path, fields)[:-1],
    "for another path": lambda path, fields: signed(f"{ORIGIN}/webhooks/twilio/other", fields),
    "for another host": lambda path, fields: signed(f"https://evil.example.com{path}", fields),
    "for another scheme": lambda path, fields: signed(f"http://nmc.example.com{path}", fields),
    "for another port": lambda path, fields: signed(f"{ORIGIN}:8443{path}", fields),
    "for a query": lambda path, fields: signed(f"{ORIGIN}{path}?a=1", fields),
    "for a trailing slash": lambda path, fields: signed(f"{ORIGIN}{path}/", fields),
    "for upper case": lambda path, fields: signed(f"https://NMC.example.com{path}", fields),
    "by another token": lambda path, fields: signed(ORIGIN + path, fields, "stolen-token"),
    "by another account's token": lambda path, fields: signed(ORIGIN + path, fields, RIVAL_TOKEN),
    "by no token": lambda path, fields: signed(ORIGIN + path, fields, ""),
    "by an unannounced algorithm": lambda path, fields: signed(ORIGIN + path, fields, algorithm="HMAC_SHA256"),
    "for the URL alone": lambda path, fields: signed(ORIGIN + path, {}),
    "for a field less": lambda path, fields: signed(ORIGIN + path, {k: v for k, v in fields.items() if k != "To"}),
    "for a field more": lambda path, fields: signed(ORIGIN + path, fields | {"Digits": "1"}),
    "for another value": lambda path, fields: signed(ORIGIN + path, fields | {"From": "+14155559999"}),
    "for a trimmed value": lambda path, fields: signed(ORIGIN + path, fields | {"Body": MARKER + " "}),
}


def post(client, path: str, fields: dict[str, str], forged: str | None):
    headers = {} if forged is None else {"X-Twilio-Signature": forged}
    return client.post(path, urlencode(fields), content_type=FORM, headers=headers)


def test_the_url_map_was_walked():
    assert {"/webhooks/twilio/call", "/api/webhooks/status"} < set(twilio_paths())


@pytest.mark.parametrize("path", [path for path, _ in every_path() if TWILIOS.match(path)])
def test_where_twilio_calls_there_is_a_signed_endpoint(path):
    (pattern,) = [pattern for found, pattern in every_path() if found == path]

    assert is_webhook(pattern)


@pytest.mark.parametrize("path", twilio_paths())
def test_the_same_request_is_accepted_when_it_is_signed(acme, client, path):
    fields = fields_of()

    assert post(client, path, fields, signed(ORIGIN + path, fields)).status_code < 300


@pytest.mark.fault("F19")
@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_wrong_signature_is_refused_on_every_path_and_leaves_nothing(
    acme, rival_account, client, count_rows, logged, forgery
):
    before, fields = count_rows(), fields_of()
    for path in twilio_paths():
        answer = post(client, path, fields, FORGERIES[forgery](path, fields))

        error = answer.json().pop("error")
        assert answer.status_code == 401, path
        assert error.pop("request_id") == answer["X-Request-ID"]
        assert error == {"code": "INVALID_SIGNATURE", "message": "the request is not signed by Twilio for this URL"}
        assert answer["Content-Type"] == "application/json"
        assert "WWW-Authenticate" not in answer
        assert count_rows() == before, path
    assert MARKER not in logged()
    assert fields["From"] not in logged()


@pytest.mark.parametrize("path", twilio_paths())
def test_a_get_is_refused_like_a_post(acme, client, count_rows, path):
    before = count_rows()
    answer = client.get(path, fields_of(), headers={"X-Twilio-Signature": "AAAA"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "INVALID_SIGNATURE")
    assert count_rows() == before


@pytest.mark.parametrize("account", ["", "AC" + "5" * 32, RIVAL_ACCOUNT.lower(), "nonsense", "AC" + "0" * 33])
def test_an_account_that_is_not_ours_is_refused(acme, twilio, rival_account, account):
    assert twilio.incoming_call(AccountSid=account).status_code == 401


def test_a_warm_refusal_asks_the_database_nothing(acme, twilio, django_assert_num_queries):
    twilio.incoming_call()
    with django_assert_num_queries(0):
        assert twilio.post("/webhooks/twilio/call", twilio.call_fields(), token="stolen").status_code == 401


def test_no_account_at_all_is_refused(acme, twilio):
    fields = twilio.call_fields()
    del fields["AccountSid"]

    assert twilio.post("/webhooks/twilio/call", fields).status_code == 401


def test_a_server_without_a_twilio_account_refuses_everything(settings, client, db):
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_AUTH_TOKEN = settings.TWILIO_AUTH_TOKEN_SECONDARY = ""
    fields = fields_of() | {"AccountSid": ""}

    for token in ("", TOKEN):
        url = f"{ORIGIN}/webhooks/twilio/call"
        assert post(client, "/webhooks/twilio/call", fields, signed(url, fields, token)).status_code == 401
