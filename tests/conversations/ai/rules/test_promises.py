"""What holds whatever a customer writes: it answers, briefly, promises nothing that it was not given, and at once."""

import re
import time
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.ai import guards
from conversations.ai.protocol import AI, CUSTOMER, URGENCY_LEVELS, USER, Line
from conversations.ai.rules import RulesDispatcher
from conversations.ai.rules.reading.vocabulary import TRADES
from tests.conversations.ai.rules.chat import Chat, acme
from tests.conversations.ai.rules.scripts import load

SAID = sorted({text for script in load() for turn in script.turns for text in turn.texts})
ODD = [
    "$50?",
    "I'll pay $20 for tomorrow at 3",
    "{business} {slots}",
    "my name is {slot}",
    "how much? $999",
    "3",
    "the 32nd at 25:70",
    "٣ pm",
    "\x00",
    "🚽💦",
]
OURS = [
    "Free times: today at 1 PM, tomorrow at 9 AM or 2 PM. Which one works for you?",
    "What's the address, and your name?",
    "Does 3 or 5 work?",
    "?",
]
TEXTS = st.one_of(
    st.sampled_from(SAID + ODD), st.text(max_size=200), st.lists(st.sampled_from(SAID + ODD), max_size=4).map(" ".join)
)
LINES = st.lists(
    st.tuples(st.sampled_from([CUSTOMER, CUSTOMER, AI, USER]), TEXTS | st.sampled_from(OURS)), min_size=1, max_size=8
)
STARTS = st.lists(
    st.sampled_from([f"2026-03-{day:02} {hour:02}:00" for day in (4, 5, 6, 8, 9) for hour in range(0, 24, 3)]),
    max_size=12,
)
ZONES = st.sampled_from(["America/New_York", "America/Los_Angeles", "America/Phoenix"])
PRICE = re.compile(r"[$€]\s?\d[\d,.]*\d|[$€]\s?\d")


def chat_of(name, lines, starts, zone, trade, visit, job) -> Chat:
    chat = Chat(business=acme(name=name, timezone=zone, trade=trade), free=tuple(dict.fromkeys(starts)), job=job)
    for sender, body in lines:
        chat.clock += timedelta(minutes=3)
        chat.lines.append(Line(sender, body, chat.clock))
    if visit and chat.request().free_slots:
        chat.appointment = chat.request().free_slots[-1]
    return chat


CHATS = st.builds(
    chat_of,
    st.sampled_from(["Acme", "Bob's 24/7 Plumbing, LLC", "Plomería López e Hijos", "Fast & Free Repairs", "A" * 120]),
    LINES,
    STARTS,
    ZONES,
    st.sampled_from([trade.key for trade in TRADES] + ["tree care", ""]),
    st.booleans(),
    st.dictionaries(
        st.sampled_from(["problem", "address", "when", "name", "photo", "else"]), st.text(max_size=40), max_size=4
    ),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(CHATS)
def test_every_answer_keeps_its_promises(chat):
    request = chat.request()
    answer = RulesDispatcher().answer(request, deadline=2)

    assert len(answer.message_to_customer) <= 1_600
    assert answer.appointment is None or answer.appointment in request.free_slots
    assert answer.appointment is None or (answer.conversation_complete and answer.outcome == "booked")
    assert 0.5 <= answer.confidence <= 1
    assert answer.urgency_level in URGENCY_LEVELS
    assert answer.language in ("en", "es")
    assert all(isinstance(value, str) for value in answer.job.values())
    assert set(PRICE.findall(answer.message_to_customer)) <= {"$120", "$200", "$1,400", "$89"}
    assert bool(answer.outcome) == answer.conversation_complete
    if answer.message_to_customer:
        assert guards.check(answer, request).violations == ()


@settings(max_examples=50, deadline=None, derandomize=True)
@given(CHATS)
def test_the_same_request_has_the_same_answer(chat):
    assert RulesDispatcher().answer(chat.request(), deadline=2) == RulesDispatcher().answer(chat.request(), deadline=2)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(CHATS)
def test_a_price_is_named_only_where_the_business_has_one(chat):
    chat.business = acme(timezone=chat.business.timezone, trade=chat.business.trade, job_estimates={})

    assert not PRICE.search(RulesDispatcher().answer(chat.request(), deadline=2).message_to_customer)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(CHATS)
def test_the_urgency_is_never_lowered(chat):
    chat.urgency = "emergency"

    assert RulesDispatcher().answer(chat.request(), deadline=2).urgency_level == "emergency"


def test_thirty_lines_are_answered_in_a_moment():
    chat = Chat()
    chat.hears("sink clogged")
    for number, text in enumerate(SAID[:15]):
        chat.clock += timedelta(minutes=1)
        chat.lines += [Line(CUSTOMER, f"{text} {number}", chat.clock), Line(AI, f"{OURS[0]} {number}", chat.clock)]

    began = time.process_time()
    chat.hears("the second one")

    assert time.process_time() - began < 0.1  # 12 ms on a slow machine; the text of a customer alone takes one


def test_the_longest_text_in_no_words_at_all_is_read_in_a_moment():
    chat = Chat()
    chat.hears("sink clogged")

    began = time.process_time()
    chat.hears(("calle a 1 de 3-4 or my name is 12 Abc at the corner of " * 40)[:1_600])

    assert time.process_time() - began < 0.5
