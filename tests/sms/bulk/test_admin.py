"""Batches in the admin."""

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from sms.bulk import services
from sms.bulk.models import Batch
from tenants.compliance import Purpose
from tenants.models import PhoneNumber


@pytest.fixture
def operator(client, db):
    client.force_login(get_user_model().objects.create_superuser("op", "op@example.com", "x" * 20))
    return client


@pytest.fixture
def batch(acme):
    return services.create_batch(
        number=PhoneNumber.objects.select_related("tenant").get(),
        body="Hi",
        rows=[{"to": f"+1415555{1000 + n}"} for n in range(3)],
        purpose=Purpose.BULK,
        name="Spring offer",
    )


def test_the_list_and_the_page_show_a_batch(operator, batch):
    assert "Spring offer" in operator.get(reverse("admin:bulk_batch_changelist")).text
    assert f'data-batch="{batch.pk}"' in operator.get(reverse("admin:bulk_batch_change", args=[batch.pk])).text


def test_the_page_learns_how_far_the_batch_is(operator, batch):
    answer = operator.get(reverse("admin:bulk_batch_progress", args=[batch.pk]))

    assert answer.json() == {"status": "scheduled", "total": 3, "done": 0, "counts": {"waiting": 3, "refused": 0}}


@pytest.mark.parametrize(("action", "status"), [("pause", "paused"), ("cancel", "canceled")])
def test_an_operator_holds_and_stops_a_batch(operator, batch, action, status):
    url = reverse("admin:bulk_batch_changelist")
    operator.post(url, {"action": action, "_selected_action": [batch.pk]})

    assert Batch.objects.get().status == status


def test_a_move_that_is_not_possible_is_said(operator, batch):
    url = reverse("admin:bulk_batch_changelist")
    answer = operator.post(url, {"action": "resume", "_selected_action": [batch.pk]}, follow=True)

    assert "a batch that is scheduled cannot become running" in answer.text


def test_strangers_see_nothing(client, batch):
    assert client.get(reverse("admin:bulk_batch_progress", args=[batch.pk])).status_code == 302
