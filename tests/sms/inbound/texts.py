"""A text from Acme to the customer."""

from sms import services
from sms.models import Message
from tenants.compliance import Purpose
from tenants.models import PhoneNumber
from tests.fixtures.people import ACME_NUMBER, CUSTOMER


def number() -> PhoneNumber:
    """Return Acme's number."""
    return PhoneNumber.objects.select_related("tenant").get(number=ACME_NUMBER)


def send(purpose: str = Purpose.REPLY, key: str = "k") -> Message:
    """Queue a text. Raises TextRefused if the gate does not let it through."""
    return services.send_message(
        number=number(), to_number=CUSTOMER, body="On our way", purpose=purpose, idempotency_key=key
    )
