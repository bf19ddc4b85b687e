"""What a person does in a conversation through a program: takes over, replies, hands back, ends."""

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from conversations import ownership
from conversations.models import Transition
from nevermisscall.outbox.models import Fact
from sms.models import Message
from tenants.models import Contact, Membership
from tests.api.conftest import with_key, with_session
from tests.api.conversations import fields_of, refusal, url
from tests.fixtures.people import CUSTOMER

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
