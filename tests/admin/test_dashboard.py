"""The first page: the funnel from calls to texts that arrived, and what is stuck."""

import json
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from calls.models import Call
from tests.fixtures.webhooks import TwilioPhone

INDEX = reverse("admin:index")


def funnel(answer):
    return {step["title"]: (step["number"], step["share"]) for step in answer.context["funnel"]}


def test_it_counts_from_calls_to_delivered_texts(staff, missed_call, client):
    TwilioPhone(client).answered_call()
    missed_call()
    missed_call(caller="+14155550177", status="undelivered", ErrorCode="30003")
    answer = staff.get(INDEX)

    assert funnel(answer) == {"Calls": (3, None), "Missed": (2, 67), "Texted": (2, 100), "Delivered": (1, 50)}
    assert [(reason["title"], reason["number"]) for reason in answer.context["reasons"]] == [("Nobody answered", 2)]
    chart = json.loads(answer.context["chart"])
    assert [(series["label"], series["data"][-1]) for series in chart["datasets"]] == [
        ("Calls", 3),
        ("Missed", 2),
        ("Texted", 2),
        ("Delivered", 1),
    ]
    assert len(chart["labels"]) == 7


def test_older_calls_count_for_thirty_days_only_when_asked(staff, missed_call):
    call = missed_call()
    Call.objects.filter(pk=call.pk).update(started_at=timezone.now() - timedelta(days=20))

    assert funnel(staff.get(INDEX))["Calls"] == (0, None)
    assert funnel(staff.get(INDEX, {"days": "30"}))["Calls"] == (1, None)
    assert funnel(staff.get(INDEX, {"days": "9999"}))["Calls"] == (0, None)


def test_its_numbers_lead_to_the_rows_they_count(staff, missed_call):
    missed_call()

    for step in staff.get(INDEX).context["funnel"]:
        assert len(staff.get(step["url"]).context["cl"].result_list) == step["number"] == 1


def test_it_shows_pending_late_and_dead_work_of_every_queue(staff, dead_letter, missed_call):
    call = missed_call(caller="+14155550177")
    Call.objects.filter(pk=call.pk).update(settle_at=timezone.now() - timedelta(minutes=5, seconds=1))
    queues = {queue["name"]: queue for queue in staff.get(INDEX).context["queues"]}

    assert set(queues) >= {"outbox.deliveries", "calls.settle", "sms.send"}
    assert queues["calls.settle"]["due"] == queues["calls.settle"]["pending"] == 1
    assert queues["calls.settle"]["late"].startswith("5 min")
    assert queues["sms.send"]["dead"] == 1
    assert (queues["outbox.deliveries"]["pending"], queues["outbox.deliveries"]["late"]) == (0, "—")


def test_it_costs_a_fixed_number_of_queries(staff, missed_call, django_assert_num_queries):
    missed_call()
    staff.get(INDEX)
    for last in range(3):
        missed_call(caller=f"+1415555020{last}")

    with django_assert_num_queries(7):  # session, user, badge, calls, texts, queues, last calls
        staff.get(INDEX)


def test_it_opens_on_an_empty_database(staff):
    answer = staff.get(INDEX)

    assert answer.status_code == 200
    assert "No call has come in yet" in answer.text
