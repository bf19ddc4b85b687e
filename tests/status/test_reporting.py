"""Whoever uses a service outside says how it does; news of it is published once."""

import pytest

from nevermisscall.outbox.models import Fact
from nevermisscall.status.models import ServiceState
from nevermisscall.status.services import report

OK, DEGRADED, DOWN = ServiceState.State.OK, ServiceState.State.DEGRADED, ServiceState.State.DOWN

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str]]:
    return [(fact.topic, fact.data["state"]) for fact in Fact.objects.order_by("sequence")]


def test_a_service_that_works_is_no_news():
    assert not report(name="dispatchbot_ai", state=OK)
    assert told() == []


def test_a_failure_is_told_once_and_counted():
    news = [report(name="dispatchbot_ai", state=DEGRADED, error=f"failure {n}") for n in range(3)]

    row = ServiceState.objects.get()
    assert news == [True, False, False]
    assert (row.state, row.failures, row.last_error) == ("degraded", 3, "failure 2")
    assert row.failed_at > row.since
    assert told() == [("service.degraded", "degraded")]


def test_recovery_is_told_once_and_the_last_error_stays():
    report(name="dispatchbot_ai", state=DEGRADED, error="no answer within 10 s")
    news = [report(name="dispatchbot_ai", state=OK) for _ in range(2)]

    row = ServiceState.objects.get()
    assert news == [True, False]
    assert (row.state, row.failures, row.last_error) == ("ok", 0, "no answer within 10 s")
    assert told() == [("service.degraded", "degraded"), ("service.recovered", "ok")]


def test_worse_is_news_too():
    report(name="salesforce", state=DEGRADED)
    report(name="salesforce", state=DOWN)

    assert told() == [("service.degraded", "degraded"), ("service.degraded", "down")]
    assert {fact.aggregate for fact in Fact.objects.all()} == {"service:salesforce"}


def test_that_all_is_well_costs_one_read(django_assert_num_queries):
    report(name="dispatchbot_ai", state=OK)
    with django_assert_num_queries(1):
        report(name="dispatchbot_ai", state=OK)


def test_services_do_not_mix():
    report(name="salesforce", state=DOWN)
    report(name="dispatchbot_ai", state=OK)

    assert dict(ServiceState.objects.values_list("name", "state")) == {"salesforce": "down", "dispatchbot_ai": "ok"}
