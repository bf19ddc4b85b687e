"""Every page of the admin opens, for those who may, at a price that does not grow with the table."""

from contextlib import closing

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls.alerts.models import AlertCall
from calls.models import Call, CallEvent
from conversations.models import Conversation, Entry
from nevermisscall.lib.admin import change_url, list_url
from nevermisscall.outbox.models import Delivery, Fact
from nevermisscall.webhooks.models import WebhookReceipt
from sms.models import Message, SendAttempt
from tenants.models import PhoneNumber, Tenant

ELSEWHERE = {"admin", "auth", "contenttypes", "sessions"}
INLINE_ONLY = {"OwnerNumber", "BusinessHours", "Closure", "LateItem"}  # part of another's page
RECORDS = [Call, CallEvent, AlertCall, Message, SendAttempt, Conversation, Entry, Fact, Delivery, WebhookReceipt]
GROWING = [*RECORDS, Tenant, PhoneNumber]
REGISTERED = sorted(admin.site._registry, key=lambda model: model.__name__)


def names(models):
    return [model.__name__ for model in models]


def page_of(row, name):
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk])


def test_every_model_is_in_the_admin():
    ours = {model for model in apps.get_models() if model._meta.app_label not in ELSEWHERE}

    assert {model.__name__ for model in ours - set(REGISTERED)} == INLINE_ONLY


@pytest.mark.parametrize("model", REGISTERED, ids=names(REGISTERED))
def test_its_pages_open(staff, everything, model):
    row = model._default_manager.first() or Group.objects.create(name="dispatchers")
    page = admin.site.get_model_admin(model)

    assert staff.get(list_url(model)).status_code == 200
    assert staff.get(list_url(model), {"q": "nothing at all"}).status_code == 200
    assert staff.get(list_url(model), {"q": "4155550123"}).status_code == 200
    assert staff.get(change_url(row)).status_code == 200
    assert staff.get(page_of(row, "history")).status_code == 200
    may_add = page.has_add_permission(staff.get(list_url(model)).wsgi_request)
    assert staff.get(f"{list_url(model)}add/").status_code == (200 if may_add else 403)


@pytest.mark.parametrize("model", RECORDS, ids=names(RECORDS))
def test_a_record_cannot_be_changed_even_by_a_superuser(staff, everything, model):
    row = model._default_manager.first()

    assert staff.get(f"{list_url(model)}add/").status_code == 403
    assert staff.post(change_url(row), {}).status_code == 403
    assert staff.post(page_of(row, "delete"), {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", GROWING, ids=names(GROWING))
def test_a_list_costs_the_same_however_long_it_is(staff, missed_call, model):
    missed_call()
    staff.get(list_url(model))
    with CaptureQueriesContext(connection) as few:
        staff.get(list_url(model))
    for last in range(4):
        missed_call(caller=f"+1415555020{last}")
    if model is Tenant:
        for name in "abc":
            Tenant.objects.create(name=name)

    with CaptureQueriesContext(connection) as many:
        staff.get(list_url(model))
    assert len(many) == len(few) <= 8, "\n".join(query["sql"][:200] for query in many)


def test_pages_of_one_call_and_one_conversation_cost_a_fixed_number_of_queries(
    staff, missed_call, django_assert_max_num_queries
):
    call = missed_call()
    conversation = Conversation.objects.get()
    staff.get(change_url(call))
    staff.get(change_url(conversation))

    with django_assert_max_num_queries(14):
        staff.get(change_url(call))
    with django_assert_max_num_queries(16):
        staff.get(change_url(conversation))


def test_strangers_get_the_login_page(client, everything):
    client.logout()
    for model in REGISTERED:
        answer = client.get(list_url(model))
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("admin:login"))
    assert client.get(reverse("admin:dead_letters")).status_code == 302
    assert client.get(reverse("admin:index")).status_code == 302
    assert "NeverMissCall" in client.get(reverse("admin:login")).text


def test_a_login_that_is_not_staff_is_refused(log_in, everything):
    client = log_in("calls.view_call", is_staff=False)

    assert client.get(list_url(Call)).status_code == 302
    assert client.get(reverse("admin:dead_letters")).status_code == 302


def test_staff_see_only_what_they_may(log_in, everything):
    client = log_in("calls.view_call")

    assert client.get(list_url(Call)).status_code == 200
    assert client.get(list_url(Message)).status_code == 403
    front = client.get(reverse("admin:index"))
    assert "Behind the scenes" not in front.text
    assert "Day by day" not in front.text


def test_static_files_are_served(client, db):
    for path in ("unfold/css/styles.css", "unfold/js/chart/chart.js", "admin/js/core.js"):
        with closing(client.get(f"/static/{path}")) as answer:
            assert answer.status_code == 200
            assert "max-age=3600" in answer["Cache-Control"]
    assert client.get("/static/nevermisscall/settings.py").status_code == 404
