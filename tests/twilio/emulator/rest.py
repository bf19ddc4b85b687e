"""Asking the emulator's REST API: by the SDK, and past it."""

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from tests.twilio.emulator.conftest import ACCOUNT_SID, AUTH_TOKEN, BUSINESS, CUSTOMER

ROOT = f"/2010-04-01/Accounts/{ACCOUNT_SID}"


def get(phone, path, **others):
    """Ask for a path below the account as the SDK would not: for its JSON, or with a query of one's own."""
    return requests.get(f"{phone.base_url}{ROOT}{path}", auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5, **others)


def text(api, body="Hello", to=CUSTOMER):
    return api.messages.create(from_=BUSINESS, to=to, body=body)


def refused(action):
    """Return (HTTP status, Twilio's code) of what the SDK raises."""
    with pytest.raises(TwilioRestException) as caught:
        action()
    return caught.value.status, caught.value.code
