"""The journal's page: what waits, what was set aside and why, and trying that again."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from nevermisscall.webhooks.journal import files, poison
from nevermisscall.webhooks.journal.writing import writer
from tests.webhooks.journal.test_records import record


@pytest.fixture
def page(db):
    return reverse("admin:journal")


@pytest.fixture
def set_aside():
    poison.set_aside(record(kind="sms", key="SM1").because("KeyError: <x>"))
    [path] = files.poison()
    return path


def test_the_page_says_what_waits_and_what_was_set_aside(staff, page, set_aside):
    writer.append(record())
    answer = staff.get(page)

    assert "1 file," in answer.text
    assert "sms SM1" in answer.text
    assert "KeyError: &lt;x&gt;" in answer.text


def test_an_empty_journal_says_so(staff, page):
    assert staff.get(page).text.count("nothing") == 2


@pytest.mark.fault("F26")
def test_the_chosen_ones_wait_again_and_that_is_logged(staff, operator, page, set_aside, journaled):
    answer = staff.post(page, {"file": [set_aside.name]}, follow=True)

    assert "1 will be tried again" in answer.text
    assert [found.key for found in journaled()] == ["SM1"]
    assert files.poison() == []
    assert LogEntry.objects.get().get_change_message() == "Tried 1 again that were set aside"


def test_names_that_are_none_of_its_files_do_nothing(staff, page, set_aside, journaled):
    staff.post(page, {"file": ["../../secret", ""]})

    assert journaled() == []
    assert files.poison() == [set_aside]


def test_who_may_only_look_sees_no_button_and_changes_nothing(log_in, page, set_aside):
    client = log_in("webhooks.view_webhookreceipt")

    assert "Try the ticked ones again" not in client.get(page).text
    assert client.post(page, {"file": [set_aside.name]}).status_code == 403
    assert files.poison() == [set_aside]


def test_others_may_not_even_look(log_in, page):
    assert log_in("calls.view_call").get(page).status_code == 403


def test_the_sidebar_counts_them(staff, page, set_aside):
    items = [item for group in staff.get(page).context["sidebar_navigation"] for item in group["items"]]

    assert next(item["badge"] for item in items if item["title"] == "Journal") == 1
