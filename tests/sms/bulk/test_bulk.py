"""One text to many people."""

import io
import time
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import work
from sms.bulk import releasing, rows, services
from sms.bulk.models import Batch, Recipient
from sms.models import Message
from sms.models import Status as MessageStatus
from tenants.compliance import Purpose
from tenants.models import Contact, PhoneNumber


def people(count: int, start: int = 1000) -> list[dict[str, str]]:
    return [{"to": f"+1415555{start + n}", "name": f"Ann {n}"} for n in range(count)]


def create(recipients, *, body: str = "Hi {name}, we are open on Sunday", **fields) -> Batch:
    number = PhoneNumber.objects.select_related("tenant").get()
    return services.create_batch(number=number, body=body, rows=recipients, purpose=Purpose.BULK, **fields)


def tick(batch: Batch, times: int = 1) -> Batch:
    """Let a second or so pass: the batch hands out its next few, and everything queued is due."""
    for _ in range(times):
        Batch.objects.filter(next_release_at__isnull=False).update(next_release_at=DatabaseClock())
        work.run_one(releasing.QUEUE, batch.pk)
    batch.refresh_from_db()
    return batch


@pytest.fixture
def fast(acme):
    PhoneNumber.objects.update(texts_per_second=100)


def test_everybody_gets_their_own_text_once(fast, twilio_api, do_due_work):
    batch = create(people(30))
    tick(batch)
    for _ in range(40):
        Message.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=DatabaseClock())
        do_due_work()
        time.sleep(0.01)

    bodies = [text["body"] for text in twilio_api.messages()]
    assert sorted(bodies) == sorted(f"Hi Ann {n}, we are open on Sunday" for n in range(30))
    assert tick(batch).status == Batch.Status.COMPLETED
    assert services.progress(batch) == {"waiting": 0, "refused": 0, "sent_to_provider": 30}


def test_only_what_can_leave_within_seconds_is_queued(acme):
    batch = tick(create(people(100)), times=3)

    assert Message.objects.count() == 5
    assert batch.status == Batch.Status.RUNNING
    assert services.progress(batch) == {"waiting": 95, "refused": 0, "queued": 5}


def test_a_batch_with_bad_rows_sends_none_and_lists_all(acme):
    given = [
        *people(2),
        {"to": "12"},
        {"name": "Bo"},
        {"to": "+14155551000", "name": "again"},
        {"to": "+14155552000"},
        "x",
    ]
    with pytest.raises(rows.BadRows) as bad:
        create(given)

    assert [(fault.row, fault.field) for fault in bad.value.faults] == [
        (3, "to"),
        (4, "to"),
        (5, "to"),
        (6, "name"),
        (7, ""),
    ]
    assert "same person as row 1" in bad.value.faults[2].message


def test_numbers_are_normalised(acme):
    batch = create([{"to": "(415) 555-0123", "name": "Ann"}])

    assert batch.recipients.get().to_number == "+14155550123"


def test_a_csv_file_is_read(acme):
    file = io.StringIO("Phone, Name\n+14155550123, Ann\n415-555-0124,Bo\n")
    batch = create(rows.from_csv(file))

    assert list(batch.recipients.values_list("to_number", "values")) == [
        ("+14155550123", {"name": "Ann"}),
        ("+14155550124", {"name": "Bo"}),
    ]


def test_a_csv_file_without_a_number_column_is_refused(acme):
    with pytest.raises(ValueError, match="first line must name the columns"):
        create(rows.from_csv(io.StringIO("a,b\n1,2\n")))


def test_a_text_that_is_too_long_with_its_values_is_a_bad_row(acme):
    with pytest.raises(rows.BadRows) as bad:
        create([{"to": "+14155550123", "name": "x" * 1600}])

    assert bad.value.faults[0].field == "body"


@pytest.mark.parametrize(("recipients", "body"), [([], "Hi"), (people(1), "  ")], ids=["nobody", "no text"])
def test_nothing_to_send_is_refused(acme, recipients, body):
    with pytest.raises(ValueError, match=r"no recipients|text is empty"):
        create(recipients, body=body)


def test_a_preview_shows_the_first_texts(acme):
    found = services.preview(body="Hi {name}", rows=people(10))

    assert found[0] == {"to": "+14155551000", "body": "Hi Ann 0"}
    assert len(found) == 3


def test_a_scheduled_batch_waits(acme):
    batch = create(people(3), send_at=timezone.now() + timedelta(hours=1))

    assert not work.run_one(releasing.QUEUE, batch.pk)
    assert not Message.objects.exists()


def test_a_paused_batch_sends_nothing_until_it_is_resumed(fast, twilio_api, do_due_work):
    batch = tick(create(people(3)))
    services.pause(batch)
    do_due_work()
    assert twilio_api.messages() == []

    services.resume(batch)
    for _ in range(5):
        Message.objects.filter(status=MessageStatus.QUEUED).update(next_attempt_at=DatabaseClock())
        do_due_work()
        time.sleep(0.02)
    assert len(twilio_api.messages()) == 3


def test_a_canceled_batch_is_over(acme, twilio_api, do_due_work):
    batch = tick(create(people(10)))
    services.cancel(batch)
    do_due_work()

    assert twilio_api.messages() == []
    assert services.progress(batch) == {"waiting": 0, "refused": 5, "canceled": 5}
    with pytest.raises(services.InvalidTransition, match="invalid_transition"):
        services.resume(batch)


def test_somebody_who_opted_out_is_left_out(fast, acme):
    Contact.objects.create(tenant=acme, number="+14155551001", opted_out_at=timezone.now())
    batch = tick(create(people(3)))

    assert Recipient.objects.get(to_number="+14155551001").refusal == "opted_out"
    assert Message.objects.count() == 2
    assert services.progress(batch) == {"waiting": 0, "refused": 1, "queued": 2}


def test_a_hundred_thousand_recipients_are_stored_in_seconds(acme):
    started = time.monotonic()
    batch = create({"to": f"+1{212 + n // 1_000_000}{2_000_000 + n}", "name": "x"} for n in range(100_000))

    assert batch.total == 100_000
    assert time.monotonic() - started < 30  # a few seconds; the bound only tells linear from quadratic


def test_one_too_many_is_refused(acme, monkeypatch):
    monkeypatch.setattr(rows, "MAX_ROWS", 3)
    with pytest.raises(rows.BadRows) as bad:
        create(people(4))

    assert "at most 3 recipients" in bad.value.faults[0].message


def test_people_who_still_sleep_do_not_keep_back_the_others(acme, settings):
    settings.SMS_DAYTIME_HOURS = [9, 20]
    hawaii = [{"to": f"+18085550{n}", "name": "Kai"} for n in range(100, 110)]
    batch = create([*hawaii, {"to": "+12125550123", "name": "Ann"}])
    with time_machine.travel(datetime(2026, 1, 15, 15, tzinfo=UTC), tick=False):  # 10:00 in New York, 5:00 in Hawaii
        tick(batch, times=4)

    awake = Message.objects.filter(verdict__rule="allowed").values_list("to_number", flat=True)
    assert list(awake) == ["+12125550123"]
    assert Message.objects.filter(verdict__rule="held").count() == 10
    assert batch.status == Batch.Status.RUNNING
