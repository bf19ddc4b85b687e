"""A customer texts: the conversation, the picture, STOP in two languages, on the running product."""

from pathlib import Path

import pytest

from tests.journeys.stack import wait_until

BUSINESS = "+15005550100"


def entries_of(stack, customer: str) -> list[tuple[str, str]]:
    return stack.rows(
        "SELECT m.direction, m.body FROM conversations_entry e JOIN sms_message m ON m.id = e.message_id "
        "JOIN conversations_conversation c ON c.id = e.conversation_id "
        "WHERE c.customer_phone = %s ORDER BY e.created_at, e.id",
        customer,
    )


def test_a_text_with_a_picture_reaches_the_conversation_and_our_storage(stack, phone, customer):
    phone.send_text(from_=customer, to=BUSINESS, body="My sink is leaking", media=["image/png", "image/jpeg"])

    assert wait_until(lambda: entries_of(stack, customer)) == [("inbound", "My sink is leaking")]
    stored = (
        "SELECT f.file, f.size FROM sms_messagemedia f JOIN sms_message m ON m.id = f.message_id "
        "WHERE m.from_number = %s AND f.state = 'stored'"
    )
    files = wait_until(lambda: len(stack.rows(stored, customer)) == 2 and stack.rows(stored, customer))
    for name, size in files:
        assert (Path(stack.env["MEDIA_ROOT"]) / name).stat().st_size == size > 0


@pytest.mark.parametrize("trouble", [{"duplicate": 3}, {"concurrent": 5}], ids=["repeated", "at once"])
def test_repeats_make_one_line(stack, phone, customer, trouble):
    phone.set_faults(webhooks=trouble)
    phone.send_text(from_=customer, to=BUSINESS, body="Are you open?")

    assert wait_until(lambda: entries_of(stack, customer)) == [("inbound", "Are you open?")]
    assert stack.rows("SELECT count(*) FROM sms_message WHERE from_number = %s", customer) == [(1,)]


@pytest.mark.parametrize(
    ("words", "confirmation"),
    [
        ("please stop texting me", "you won't get any more texts"),
        ("no me escriban más", "ya no le mandaremos mensajes"),
    ],
    ids=["en", "es"],
)
def test_stop_in_own_words_is_confirmed_once_and_kept(stack, phone, customer, words, confirmation):
    phone.send_text(from_=customer, to=BUSINESS, body=words)
    phone.wait_for_message(to=customer, containing=confirmation)
    phone.send_text(from_=customer, to=BUSINESS, body=words)
    call = phone.place_call(from_=customer, to=BUSINESS, owner="no_answer")
    phone.wait_for_call(call)
    told = "SELECT 1 FROM sms_message WHERE idempotency_key = %s"
    wait_until(lambda: stack.rows(told, f"owner:missed-call:{call}"))

    assert len(stack.texts_to(customer)) == 1


def test_the_keyword_is_left_to_twilio_and_start_undoes_it(stack, phone, customer):
    opted_out = "SELECT opted_out_at IS NOT NULL FROM tenants_contact WHERE number = %s"
    phone.send_text(from_=customer, to=BUSINESS, body="STOP")
    wait_until(lambda: stack.rows(opted_out, customer) == [(True,)])
    phone.send_text(from_=customer, to=BUSINESS, body="START")
    wait_until(lambda: stack.rows(opted_out, customer) == [(False,)])
    assert stack.texts_to(customer) == []  # Twilio's own two answers are not counted

    phone.wait_for_call(phone.place_call(from_=customer, to=BUSINESS, owner="no_answer"))
    phone.wait_for_message(to=customer, containing="missed your call")
