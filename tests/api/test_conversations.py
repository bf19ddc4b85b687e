"""Conversations as programs read them, and what a person does in one through a program."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conversations import ownership
from conversations.models import Conversation, Transition
from nevermisscall.outbox.models import Fact
from sms.models import Message, MessageMedia
from tenants.models import Contact, Membership
from tests.api.conftest import INBOUND, with_key, with_session
from tests.fixtures.people import CUSTOMER


@pytest.fixture
def conversation(twilio, twilio_api, acme, do_due_work):
    """A missed call, its text-back, and what the customer wrote back."""
    twilio.incoming_call()
    twilio.dial_action(DialCallStatus="no-answer")
    do_due_work()
    twilio.text("my sink is blocked")
    do_due_work()
    return Conversation.objects.get()


def url(conversation: Conversation, action: str = "") -> str:
    return f"/api/conversations/{conversation.pk}" + (f"/{action}" if action else "")


def refusal(answer):
    return answer.status_code, answer.json()["error"]["code"]


def fields_of(answer):
    assert refusal(answer) == (400, "INVALID_REQUEST")
    return answer.json()["error"]["fields"]


# -- reading ----------------------------------------------------------------------------------------------------------


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


# -- taking over ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_a_takeover_makes_it_the_persons_and_silences_the_ai(api, conversation, maria, prefix):
    body = {"user_id": maria.pk, "reason": "high_value_lead"}
    taken = api.post(f"{prefix}/conversations/{conversation.pk}/takeover", body)

    shown = taken.json()
    assert (taken.status_code, shown.pop("ownership_changed")) == (200, True)
    assert shown == api.get(url(conversation)).json()
    assert (shown["ownership"], shown["status"], shown["user_id"]) == ("user", "user_handling", maria.pk)
    assert shown["user_takeover_at"].endswith("Z")
    assert (shown["ai_timer_started"], shown["ai_due_at"]) == (False, None)
    assert (Transition.objects.get().user, Transition.objects.get().reason) == (maria, "high_value_lead")
    assert Fact.objects.get(topic="conversation.user_taken").data["user_id"] == maria.pk


def test_taking_over_twice_changes_nothing_the_second_time(api, conversation, maria):
    answers = [api.post(url(conversation, "takeover"), {"user_id": maria.pk}) for _ in range(2)]

    assert [answer.json()["ownership_changed"] for answer in answers] == [True, False]
    assert Transition.objects.count() == 1


def test_only_a_person_of_the_business_takes_over(api, conversation, rival, maria):
    stranger, theirs = User.objects.create_user("stranger"), User.objects.create_user("theirs")
    Membership.objects.create(tenant=rival, user=theirs)
    gone = User.objects.create_user("gone", is_active=False)
    Membership.objects.create(tenant=conversation.tenant, user=gone)
    for user_id in (stranger.pk, theirs.pk, gone.pk, 0, -1, 10**30):
        answer = api.post(url(conversation, "takeover"), {"user_id": user_id})
        assert refusal(answer) == (404, "NOT_FOUND")
        assert "membership" in answer.json()["error"]["message"]
    assert not Transition.objects.exists()


@pytest.mark.parametrize("body", [{}, {"user_id": None}, {"user_id": "maria"}, {"user_id": 1.5}, {"user_id": ""}])
def test_a_program_says_which_person_takes_over(api, conversation, body):
    assert list(fields_of(api.post(url(conversation, "takeover"), body))) == ["user_id"]


def test_a_person_of_the_staff_takes_over_without_saying_who(conversation, maria):
    staff = with_session("change_conversation")
    me = User.objects.get(username=f"user-{User.objects.count() - 1}")
    mine = staff.post(url(conversation, "takeover"), {}).json()
    again = staff.post(url(conversation, "takeover"), {"user_id": me.pk}).json()
    marias = staff.post(url(conversation, "takeover"), {"user_id": maria.pk}).json()

    assert [row["user_id"] for row in (mine, again, marias)] == [me.pk, me.pk, maria.pk]
    assert [row["ownership_changed"] for row in (mine, again, marias)] == [True, False, True]


def test_a_completed_conversation_cannot_be_taken_over(api, make_conversation, maria):
    conversation = make_conversation(status="completed")

    assert refusal(api.post(url(conversation, "takeover"), {"user_id": maria.pk})) == (409, "CONVERSATION_COMPLETED")


# -- replying ---------------------------------------------------------------------------------------------------------


def test_a_reply_leaves_and_takes_the_conversation_over(api, conversation, maria, twilio_api, do_due_work):
    accepted = api.post(url(conversation, "reply"), {"body": "On my way.", "user_id": maria.pk})
    do_due_work()

    shown = api.get(url(conversation)).json()
    assert accepted.status_code == 202
    assert accepted.json() == {**shown["messages"][-1], "status": "queued"}
    assert accepted.json()["sender_type"] == "user"
    assert (shown["ownership"], shown["user_id"]) == ("user", maria.pk)
    assert [text["body"] for text in twilio_api.messages(to=CUSTOMER)][-1] == "On my way."


def test_a_reply_under_the_same_key_is_one_text_by_either_path(api, conversation):
    key = {"Idempotency-Key": "answer-1"}
    paths = [url(conversation, "reply"), f"/conversations/{conversation.pk}/reply/"]
    first, again = (api.post(path, {"body": "On my way."}, **key) for path in paths)

    assert (again.status_code, again.content) == (202, first.content)
    assert Message.objects.filter(sender_type="user").count() == 1


def test_a_reply_may_be_pictures(api, conversation):
    answer = api.post(url(conversation, "reply"), {"media": ["https://example.com/map.png"]})

    assert (answer.status_code, answer.json()["media"]) == (202, ["https://example.com/map.png"])


@pytest.mark.parametrize("body", [{}, {"body": " "}, {"body": "x" * 1601}, {"body": "a", "media": ["ftp://a.b/c"]}])
def test_what_is_no_text_is_said(api, conversation, body):
    assert fields_of(api.post(url(conversation, "reply"), body))
    assert not Message.objects.filter(sender_type="user").exists()


def test_a_reply_that_the_gate_refuses_changes_nothing(api, conversation):
    Contact.objects.update(opted_out_at=timezone.now())

    assert refusal(api.post(url(conversation, "reply"), {"body": "Hello"})) == (409, "OPTED_OUT")
    assert api.get(url(conversation)).json()["ownership"] == "none"


def test_a_stranger_does_not_reply(api, conversation):
    stranger = User.objects.create_user("stranger")

    assert refusal(api.post(url(conversation, "reply"), {"body": "Hi", "user_id": stranger.pk})) == (404, "NOT_FOUND")
    assert not Message.objects.filter(sender_type="user").exists()


# -- handing back and ending ------------------------------------------------------------------------------------------


def test_handing_back_lets_the_ai_answer(api, conversation, maria):
    ownership.take_over(conversation_id=conversation.pk, user=maria)
    answers = [api.post(url(conversation, "release"), {}).json() for _ in range(2)]

    assert [answer["ownership_changed"] for answer in answers] == [True, False]
    assert (answers[0]["status"], answers[0]["ownership"]) == ("ai_handling", "ai")
    assert answers[0]["ai_due_at"] is not None


def test_completing_keeps_the_first_outcome(api, conversation, maria):
    body = {"outcome": "booked", "summary": "Blocked sink, Friday.", "user_id": maria.pk}
    done = api.post(url(conversation, "complete"), body)
    again = api.post(url(conversation, "complete"), {"outcome": "spam"})

    shown = done.json()
    assert (done.status_code, again.json()) == (200, shown)
    assert (shown["status"], shown["outcome"], shown["summary"]) == ("completed", "booked", "Blocked sink, Friday.")
    assert shown["completed_at"].endswith("Z")
    assert Transition.objects.get().user == maria


@pytest.mark.parametrize("body", [{}, {"outcome": ""}, {"outcome": "won"}, {"outcome": "spam", "summary": "x" * 5001}])
def test_an_end_that_makes_no_sense_is_said(api, conversation, body):
    assert fields_of(api.post(url(conversation, "complete"), body))


def test_the_platform_acts_for_any_business_with_its_people_only(conversation, rival, maria):
    platform = with_key(None)
    theirs = User.objects.create_user("theirs")
    Membership.objects.create(tenant=rival, user=theirs)

    assert platform.post(url(conversation, "takeover"), {"user_id": theirs.pk}).status_code == 404
    assert platform.post(url(conversation, "takeover"), {"user_id": maria.pk}).status_code == 200


# -- pictures ---------------------------------------------------------------------------------------------------------


def test_a_customers_picture_is_linked_and_handed_out(api, make_picture, make_conversation):
    media = make_picture(b"\xff\xd8\xffpicture")
    conversation = make_conversation()
    conversation.entries.create(message=media.message)
    [link] = api.get(url(conversation)).json()["messages"][0]["media"]
    answer = api.get(link.removeprefix("https://nmc.example.com"))

    assert link == f"https://nmc.example.com/api/messages/{media.message_id}/media/0"
    assert api.get(f"/api/messages/{media.message_id}").json()["media"] == [link]
    assert answer.getvalue() == b"\xff\xd8\xffpicture"
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"] == f'inline; filename="text-{media.message_id}-0.jpg"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_browsers_might_run_is_for_saving(api, make_picture):
    media = make_picture(b"%PDF", "application/pdf")
    answer = api.get(f"/api/messages/{media.message_id}/media/0")

    assert answer.getvalue() == b"%PDF"
    assert answer.headers["Content-Disposition"].startswith("attachment;")


def test_a_file_that_is_not_there_says_why(api, make_picture):
    answers = [
        make_picture(state="pending", file=""),
        make_picture(state="refused", file="", refusal="video/x-ms-wmv is not a type we keep"),
        make_picture(file="texts/00/gone.jpg"),
    ]
    asked = [api.get(f"/api/messages/{media.message_id}/media/0") for media in answers]

    assert [refusal(answer) for answer in asked] == [(409, "MEDIA_PENDING"), (409, "MEDIA_REFUSED"), (404, "NOT_FOUND")]
    assert "x-ms-wmv" in asked[1].json()["error"]["message"]
    assert api.get(f"/api/messages/{answers[0].message_id}/media/1").status_code == 404
