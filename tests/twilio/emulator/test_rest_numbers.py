"""Numbers in the REST API: found, bought, configured, released."""

import pytest

from tests.twilio.emulator.rest import refused


def test_a_number_is_found_bought_configured_and_released(phone, api, product):
    found = api.available_phone_numbers("US").local.list(area_code=602, limit=2)
    bought = api.incoming_phone_numbers.create(
        phone_number=found[0].phone_number, voice_url=f"{product.url}/voice", voice_caller_id_lookup=True
    )
    changed = bought.update(sms_url=f"{product.url}/sms", friendly_name="Branch")

    assert len(found) == 2
    assert (changed.voice_url, changed.sms_url) == (f"{product.url}/voice", f"{product.url}/sms")
    assert changed.voice_caller_id_lookup is True
    assert [each.sid for each in api.incoming_phone_numbers.list(phone_number=bought.phone_number)] == [bought.sid]
    assert [each.sid for each in api.incoming_phone_numbers.list(friendly_name="Branch")] == [bought.sid]
    assert refused(lambda: api.incoming_phone_numbers.create(phone_number=bought.phone_number)) == (400, 21422)
    assert bought.phone_number not in [each.phone_number for each in api.available_phone_numbers("US").local.list(602)]
    assert bought.delete()
    assert refused(bought.fetch) == (404, 20404)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"phone_number": "+15005550000"}, 21422),
        ({"phone_number": "+15005550001"}, 21421),
        ({"phone_number": "12"}, 21421),
        ({"area_code": "533"}, 21452),
        ({"area_code": "1"}, 21452),
    ],
)
def test_numbers_that_cannot_be_bought(phone, api, given, code):
    assert refused(lambda: api.incoming_phone_numbers.create(**given)) == (400, code)


def test_a_number_can_be_bought_by_area_code_and_searched_by_pattern(phone, api):
    assert api.incoming_phone_numbers.create(area_code="503").phone_number == "+15035550100"
    found = api.available_phone_numbers("US").local.list(area_code=503, contains="555010*")
    assert "+15035550101" in [each.phone_number for each in found]
    assert api.available_phone_numbers("US").local.list(area_code=533) == []
