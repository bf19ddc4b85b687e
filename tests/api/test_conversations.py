"""Conversations as programs read them."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations.models import Conversation
from sms.models import MessageMedia
from tests.api.conftest import INBOUND, with_key
from tests.api.conversations import fields_of, url
from tests.fixtures.people import CUSTOMER


def test_a_conversation_is_shown_as_the_design_says(api, conversation, acme):
    shown = api.get(url(conversation)).json()
    said = [message["body"][:22] for message in shown["messages"]]
    last = shown.pop("messages")[-1]
    started, due = (shown.pop(name) for name in ("ai_timer_started_at", "ai_due_at"))
    for name in ("created_at", "last_activity"):
        assert shown.pop(name).endswith("Z")

    assert said == ["Hi! I missed your call", "my sink is blocked"]
    assert last.pop("created_at").endswith("Z")
    assert last == {
        "id": conversation.last_customer_message_id,
        "sender_type": "customer",
        "direction": "inbound",
        "body": "my sink is blocked",
        "media": [],
        "status": "received",
    }
    assert due > started
    assert shown == {
        "id": conversation.pk,
        "tenant_id": acme.pk,
        "call_id": conversation.call_id,
        "status": "active",
        "ownership": "none",
        "user_id": None,
        "user_takeover_at": None,
        "customer_phone": CUSTOMER,
        "language": "en",
        "ai_timer_started": True,
        "urgency_level": "normal",
        "job_type": "",
        "job": {},
        "outcome": None,
        "summary": "",
        "completed_at": None,
        "has_earlier_messages": False,
    }


def test_the_list_has_the_same_fields_but_no_messages(api, conversation):
    [row] = api.get("/conversations/").json()["results"]
    one = api.get(url(conversation)).json()

    assert {**row, "messages": one["messages"], "has_earlier_messages": False} == one


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["new", "ai", "mine", "done"]),
        ("customer_phone=%2B14155550199", ["new"]),
        ("customer_phone=(415)%20555-0199", ["new"]),
        ("customer_phone=+14155550199&status=completed", []),
        ("status=active", ["new"]),
        ("status=user_handling&ownership=user", ["mine"]),
        ("ownership=ai", ["ai"]),
        ("open=true", ["new", "ai", "mine"]),
        ("open=false", ["done"]),
        ("ordering=last_activity", ["done", "mine", "ai", "new"]),
    ],
)
def test_conversations_are_found(api, make_conversation, query, found):
    names = {
        make_conversation(customer_phone="+14155550199").pk: "new",
        make_conversation(status="ai_handling", ownership="ai").pk: "ai",
        make_conversation(status="user_handling", ownership="user").pk: "mine",
        make_conversation(status="completed").pk: "done",
    }
    rows = api.get(f"/api/conversations/?{query}").json()["results"]

    assert [names[row["id"]] for row in rows] == found


@pytest.mark.parametrize("query", ["status=lost", "ownership=nobody", "open=maybe", "ordering=urgency"])
def test_a_question_that_makes_no_sense_is_said(api, query):
    assert list(fields_of(api.get(f"/api/conversations/?{query}"))) == [query.partition("=")[0]]


def test_of_a_long_conversation_the_newest_200_are_shown_and_all_are_listed(api, make_conversation, add_message):
    conversation = make_conversation()
    ids = [add_message(conversation).pk for _ in range(201)]  # the newest first
    shown = api.get(url(conversation)).json()
    page = api.get(url(conversation, "messages/")).json()

    assert [message["id"] for message in shown["messages"]] == ids[:200][::-1]
    assert shown["has_earlier_messages"] is True
    assert [message["id"] for message in page["results"]] == ids[:50]
    oldest = api.get(url(conversation, "messages?ordering=created_at")).json()["results"]
    assert oldest[0]["id"] == ids[-1]


def test_one_conversation_costs_the_same_however_long_it_is(
    api, make_conversation, add_message, django_assert_num_queries
):
    conversation = make_conversation()
    api.get(url(conversation))
    for texts in (1, 30):
        for _ in range(texts):
            message = add_message(conversation, **INBOUND)
            MessageMedia.objects.create(message=message, position=0)
        with django_assert_num_queries(4):  # the key, the conversation, its messages, their files
            api.get(url(conversation))


def test_open_ones_among_many_are_found_by_an_index(acme, rival, make_conversation):
    first = make_conversation()
    rows = []
    for number in range(12_000):
        row = Conversation(
            tenant=acme if number % 2 else rival,
            phone_number_id=first.phone_number_id,
            contact_id=first.contact_id,
            customer_phone=f"+1212{number:07}",
            last_activity=timezone.now() - timedelta(seconds=number),
        )
        if number >= 2000:
            row.status = "completed"
        rows.append(row)
    Conversation.objects.bulk_create(rows, batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE conversations_conversation")
    for caller in (with_key(acme), with_key(None)):
        for query in ("open=true", "status=active", ""):
            with CaptureQueriesContext(connection) as queries:
                found = caller.get(f"/api/conversations/?{query}").json()["results"]
            with connection.cursor() as cursor:
                cursor.execute(f"EXPLAIN (FORMAT JSON) {queries[-1]['sql']}")
                plan = json.dumps(cursor.fetchone()[0])
            assert len(found) == 50
            assert "Seq Scan" not in plan, (query, plan)
            assert "Index Scan" in plan
