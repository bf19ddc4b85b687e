"""`/IncomingPhoneNumbers` and `/AvailablePhoneNumbers`: https://www.twilio.com/docs/phone-numbers/api"""

import fnmatch
import re
from typing import Any

from werkzeug.wrappers import Response

from nevermisscall.twilio.emulator import magic
from nevermisscall.twilio.emulator.errors import Refused
from nevermisscall.twilio.emulator.formats import API_VERSION, e164, national, now, rfc2822
from nevermisscall.twilio.emulator.rest import (
    DEFAULT_PAGE,
    ApiRequest,
    answer,
    deleted,
    folder,
    int_arg,
    listing,
    not_found,
)
from nevermisscall.twilio.emulator.world import Number

_CAPABILITIES = {"voice": True, "sms": True, "mms": True, "fax": False}
_SETTINGS = [
    "VoiceUrl",
    "VoiceMethod",
    "VoiceFallbackUrl",
    "VoiceFallbackMethod",
    "StatusCallback",
    "StatusCallbackMethod",
    "SmsUrl",
    "SmsMethod",
    "SmsFallbackUrl",
    "SmsFallbackMethod",
    "FriendlyName",
]
_FREE_PER_AREA = 30  # numbers for sale in every area code


def show(number: Number) -> dict[str, Any]:
    return {
        "account_sid": number.account_sid,
        "address_requirements": "none",
        "address_sid": None,
        "api_version": API_VERSION,
        "beta": False,
        "bundle_sid": None,
        "capabilities": _CAPABILITIES,
        "date_created": rfc2822(number.created_at),
        "date_updated": rfc2822(number.updated_at),
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "friendly_name": number.friendly_name or national(number.phone_number),
        "identity_sid": None,
        "origin": "twilio",
        "phone_number": number.phone_number,
        "sid": number.sid,
        "sms_application_sid": "",
        "sms_fallback_method": number.sms_fallback_method,
        "sms_fallback_url": number.sms_fallback_url,
        "sms_method": number.sms_method,
        "sms_url": number.sms_url,
        "status": "in-use",
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "trunk_sid": None,
        "type": "local",
        "uri": f"{folder(number.account_sid)}/IncomingPhoneNumbers/{number.sid}.json",
        "voice_application_sid": "",
        "voice_caller_id_lookup": number.voice_caller_id_lookup,
        "voice_fallback_method": number.voice_fallback_method,
        "voice_fallback_url": number.voice_fallback_url,
        "voice_method": number.voice_method,
        "voice_receive_mode": "voice",
        "voice_url": number.voice_url,
    }


def create(api: ApiRequest) -> Response:
    """Buy a number. Not idempotent, as at Twilio: a second purchase of the same number is refused."""
    wanted, area_code = api.form.get("PhoneNumber", ""), api.form.get("AreaCode", "")
    if wanted in magic.BUY:
        raise Refused(magic.BUY[wanted])
    if area_code in magic.BUY_AREA_CODE:
        raise Refused(magic.BUY_AREA_CODE[area_code])
    world = api.exchange.world
    with world.lock:
        phone_number = e164(wanted) if wanted else next(iter(_free(api, area_code)), None)
        if phone_number is None:
            raise Refused(21421 if wanted else 21452)
        if phone_number in world.numbers:
            raise Refused(21422, f"{phone_number} is not available.")
        number = world.numbers[phone_number] = Number(api.account.sid, phone_number)
    _configure(api, number)
    return answer(show(number), 201)


def fetch(api: ApiRequest) -> Response:
    return answer(show(_find(api)))


def index(api: ApiRequest) -> Response:
    pattern = api.args.get("PhoneNumber", "*")
    with api.exchange.world.lock:
        numbers = [
            number
            for number in reversed(api.exchange.world.numbers.values())
            if number.account_sid == api.account.sid
            and (fnmatch.fnmatchcase(number.phone_number, pattern) or pattern in number.phone_number)
            and api.args.get("FriendlyName", show(number)["friendly_name"]) == show(number)["friendly_name"]
        ]
        return listing(api, "incoming_phone_numbers", numbers, show)


def update(api: ApiRequest) -> Response:
    number = _find(api)
    _configure(api, number)
    return answer(show(number))


def delete(api: ApiRequest) -> Response:
    """Release the number."""
    with api.exchange.world.lock:
        del api.exchange.world.numbers[_find(api).phone_number]
    return deleted()


def available(api: ApiRequest) -> Response:
    """Search numbers for sale. Only `AreaCode`, `Contains` and `PageSize` narrow the search."""
    pattern = api.args.get("Contains", "*").replace("+", "")
    found = [
        phone_number
        for phone_number in _free(api, api.args.get("AreaCode", "415"))
        if fnmatch.fnmatchcase(phone_number[1:], f"*{pattern}*")
    ]
    shown = [_show_available(number) for number in found[: int_arg(api, "PageSize", DEFAULT_PAGE)]]
    return answer({"available_phone_numbers": shown, "uri": api.path})


def _show_available(phone_number: str) -> dict[str, Any]:
    return {
        "address_requirements": "none",
        "beta": False,
        "capabilities": {"mms": True, "sms": True, "voice": True},
        "friendly_name": national(phone_number),
        "iso_country": "US",
        "lata": "722",
        "latitude": "37.774900",
        "locality": "San Francisco",
        "longitude": "-122.419400",
        "phone_number": phone_number,
        "postal_code": "94105",
        "rate_center": "SNFC CNTRL",
        "region": "CA",
    }


def _free(api: ApiRequest, area_code: str) -> list[str]:
    if not re.fullmatch(r"[2-9]\d\d", area_code) or area_code in magic.BUY_AREA_CODE:
        return []
    numbers = (f"+1{area_code}55501{index:02}" for index in range(_FREE_PER_AREA))
    return [number for number in numbers if number not in api.exchange.world.numbers]


def _configure(api: ApiRequest, number: Number) -> None:
    with api.exchange.world.lock:
        for name in _SETTINGS:
            if name in api.form:
                setattr(number, re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), api.form[name])
        if "VoiceCallerIdLookup" in api.form:
            number.voice_caller_id_lookup = api.form["VoiceCallerIdLookup"].lower() == "true"
        number.updated_at = now()


def _find(api: ApiRequest) -> Number:
    for number in list(api.exchange.world.numbers.values()):
        if number.sid == api.sid and number.account_sid == api.account.sid:
            return number
    raise not_found(api.path)
