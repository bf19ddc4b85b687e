"""A business without AI, so that each text of a customer is handed on to its owner; and phones to text from."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from conversations.models import Alert, Conversation
from conversations.owner.models import OwnerText
from sms.models import Message
from tests.fixtures.people import CUSTOMER, OWNER_PHONE, make_business

JANE, BOB, CLEO = CUSTOMER, "+14155550124", "+14155550125"
PARTNER = "+15005550201"


class Phones:
    """Everybody's phones: each text is posted as Twilio posts it, and what follows from it is done."""

    def __init__(self, twilio, twilio_api, do_due_work) -> None:
        self._twilio, self._twilio_api, self.do_due_work = twilio, twilio_api, do_due_work

    def customer(self, body: str = "my sink leaks", *, phone: str = JANE, **more) -> Conversation:
        """A customer texts; returns their newest conversation."""
        self._twilio.text(body, From=phone, **more)
        self.do_due_work()
        return Conversation.objects.filter(customer_phone=phone).latest("pk")

    def owner(self, body: str, *, phone: str = OWNER_PHONE, **more) -> OwnerText | None:
        """The owner texts; returns what was made of it."""
        self._twilio.text(body, From=phone, **more)
        self.do_due_work()
        return OwnerText.objects.order_by("pk").last()

    def texts_to(self, phone: str) -> list[str]:
        """What Twilio was given for this phone, in order."""
        return [text["body"] for text in self._twilio_api.messages(to=phone)]

    def last_to(self, phone: str = OWNER_PHONE) -> str:
        return self.texts_to(phone)[-1]


@pytest.fixture
def business(db):
    tenant = make_business(ai_enabled=False, owners=(OWNER_PHONE, PARTNER))
    tenant.numbers.update(texts_per_second=100)  # no text waits for its turn
    return tenant


@pytest.fixture
def phones(business, twilio, twilio_api, do_due_work) -> Phones:
    return Phones(twilio, twilio_api, do_due_work)


@pytest.fixture
def age() -> Callable[..., None]:
    """Make what the owner heard of and wrote in a conversation as if this much time had passed since."""

    def back(conversation: Conversation, **by: int) -> None:
        for row in Alert.objects.filter(conversation=conversation):
            Alert.objects.filter(pk=row.pk).update(created_at=row.created_at - timedelta(**by))
            Message.objects.filter(pk=row.message_id).update(sent_at=row.created_at - timedelta(**by))
        for text in OwnerText.objects.filter(conversation=conversation):
            earlier = {"created_at": text.created_at - timedelta(**by)}
            if text.settled_at:
                earlier["settled_at"] = text.settled_at - timedelta(**by)
            OwnerText.objects.filter(pk=text.pk).update(**earlier)

    return back


@pytest.fixture
def jane(phones):
    return phones.customer("my sink leaks", phone=JANE)


def reload(row):
    """Return the row as it is now."""
    row.refresh_from_db()
    return row
