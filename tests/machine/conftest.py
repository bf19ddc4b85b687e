"""The business of the stories, and how to play them."""

import logging
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tenants.models import Closure, Membership
from tests.fixtures.people import make_business
from tests.machine.carrier import Carrier
from tests.machine.story import Story
from tests.machine.world import World


@pytest.fixture
def world(db, settings, monkeypatch):
    """A business that is on holiday, so that no visit is offered, and texts back again after two minutes."""
    tenant = make_business(text_back_cooldown_minutes=2, ring_after_hours=True)
    tenant.numbers.update(texts_per_second=100)
    today = timezone.now().date()
    Closure.objects.create(tenant=tenant, starts_on=today - timedelta(days=2), ends_on=today + timedelta(days=60))
    user = User.objects.create_user("maria")
    Membership.objects.create(tenant=tenant, user=user)
    carrier = Carrier()
    settings.TWILIO_API_BASE_URL = carrier.url
    monkeypatch.setattr("nevermisscall.outbox.doorbell.ring", lambda queue, pk: None)  # a ring may be lost: all are
    logging.disable(logging.CRITICAL)
    yield World(carrier, user.pk, tenant)
    logging.disable(logging.NOTSET)
    carrier.stop()


@pytest.fixture
def play():
    """Play so many stories of at most so many steps against the product."""

    def run(world: World, *, stories: int, steps: int) -> None:
        machine = type("Story", (Story,), {"world": world})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=stories,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                print_blob=True,
                report_multiple_bugs=False,
                phases=[Phase.generate, Phase.shrink],
                suppress_health_check=list(HealthCheck),
            ),
        )

    return run
