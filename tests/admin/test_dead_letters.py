"""Work that was given up: seen, replayed by those who may, and written into the audit log."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from calls.models import Call
from nevermisscall.lib.admin import change_url, list_url
from nevermisscall.outbox.models import Delivery
from sms.models import Message


@pytest.fixture
def page():
    return reverse("admin:dead_letters")


def chosen(row, queue="sms.send"):
    return {"row": [f"{queue}:{row.pk}"]}


@pytest.mark.fault("F26")
def test_the_page_lists_every_queue_with_reason_age_and_link(staff, dead_letter, page):
    answer = staff.get(page)
    listed = {queue["name"]: queue["rows"] for queue in answer.context["queues"]}

    assert set(listed) >= {"outbox.deliveries", "calls.settle", "sms.send"}
    assert [(row["reason"], row["attempts"], row["age"]) for row in listed["sms.send"]] == [
        ("Twilio could not be reached", 8, "3 h 0 min")
    ]
    assert change_url(dead_letter) in answer.text


@pytest.mark.fault("F26")
def test_a_replayed_letter_is_due_again_and_logged(staff, operator, dead_letter, page):
    answer = staff.post(page, chosen(dead_letter), follow=True)

    dead_letter.refresh_from_db()
    assert dead_letter.dead_at is None
    assert dead_letter.attempts == 0
    assert dead_letter.next_attempt_at <= timezone.now()
    assert "1 dead letter is due again" in answer.text
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id) == (operator, str(dead_letter.pk))
    assert "sms.send: Twilio could not be reached" in entry.get_change_message()


def test_replaying_twice_does_and_logs_nothing_more(staff, dead_letter, page):
    staff.post(page, chosen(dead_letter))
    answer = staff.post(page, chosen(dead_letter), follow=True)

    assert "None of these is a dead letter any more" in answer.text
    assert LogEntry.objects.count() == 1


def test_living_work_is_never_replayed(staff, missed_call, page):
    missed_call()
    delivery = Delivery.objects.first()
    staff.post(page, chosen(delivery, "outbox.deliveries"))

    delivery.refresh_from_db()
    assert delivery.next_attempt_at is None


def test_looking_needs_view_and_replaying_needs_change(log_in, dead_letter, page):
    client = log_in("sms.view_message")

    assert [queue["name"] for queue in client.get(page).context["queues"]] == ["sms.send"]
    assert "Replay the ticked" not in client.get(page).text
    assert client.post(page, chosen(dead_letter)).status_code == 403
    dead_letter.refresh_from_db()
    assert dead_letter.dead_at is not None


def test_staff_without_any_of_it_are_refused(log_in, dead_letter, page):
    assert log_in("tenants.view_tenant").get(page).status_code == 403


def test_a_request_from_elsewhere_is_refused(operator, dead_letter, page):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)

    assert client.post(page, chosen(dead_letter)).status_code == 403


def test_the_list_of_a_model_filters_and_replays_them_too(staff, dead_letter, missed_call):
    missed_call(caller="+14155550177")
    url = f"{list_url(Message)}?work=dead"

    assert list(staff.get(url).context["cl"].result_list) == [dead_letter]
    staff.post(url, {"action": "replay_dead_letters", "_selected_action": [dead_letter.pk]})
    dead_letter.refresh_from_db()
    assert dead_letter.dead_at is None
    assert LogEntry.objects.count() == 1


def test_the_action_is_not_offered_to_those_who_may_only_look(log_in, dead_letter):
    client = log_in("sms.view_message")
    client.post(list_url(Message), {"action": "replay_dead_letters", "_selected_action": [dead_letter.pk]})

    dead_letter.refresh_from_db()
    assert dead_letter.dead_at is not None
    assert "replay_dead_letters" not in client.get(list_url(Message)).text


def test_pending_and_due_work_can_be_listed(staff, missed_call):
    call = missed_call()
    later = missed_call(caller="+14155550177")
    Call.objects.filter(pk=call.pk).update(settle_at=timezone.now() - timedelta(minutes=1))
    Call.objects.filter(pk=later.pk).update(settle_at=timezone.now() + timedelta(minutes=1))

    assert list(staff.get(list_url(Call), {"work": "due"}).context["cl"].result_list) == [call]
    assert set(staff.get(list_url(Call), {"work": "pending"}).context["cl"].result_list) == {call, later}


def test_the_sidebar_counts_them(staff, dead_letter):
    items = [item for group in staff.get("/admin/").context["sidebar_navigation"] for item in group["items"]]

    assert next(item["badge"] for item in items if item["title"] == "Dead letters") == 1
