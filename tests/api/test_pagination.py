"""Lists: in order, in pages, always at the same cost."""

from base64 import b64encode

import pytest

PAGE = 50


def walk(api, path, key):
    """Follow `next` to the end and `previous` back, and return the keys seen on the way there."""
    pages, link = [], path
    while link:
        answer = api.get(link.removeprefix("https://nmc.example.com"))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        pages.append(([row[key] for row in page["results"]], page))
        link = page["next"]
    back = pages[-1][1]
    for expected, _ in reversed(pages[:-1]):
        back = api.get(back["previous"].removeprefix("https://nmc.example.com")).json()
        assert [row[key] for row in back["results"]] == expected
    assert back["previous"] is None
    return [row for page, _ in pages for row in page]


each_list = pytest.mark.parametrize(
    ("path", "fixture", "column", "queries"),
    [
        ("/api/calls/", "make_call", "started_at", ["the key", "the rows"]),
        ("/api/messages/", "make_message", "created_at", ["the key", "the rows", "their files"]),
        ("/api/conversations/", "make_conversation", "last_activity", ["the key", "the rows"]),
        ("/api/contacts/", "make_contact", "id", ["the key", "the rows"]),
    ],
    ids=["calls", "messages", "conversations", "contacts"],
)


@each_list
def test_pages_lead_through_everything_and_back(api, path, fixture, column, queries, request):
    make = request.getfixturevalue(fixture)
    rows = [make() for _ in range(2 * PAGE + 7)]  # the newest first

    assert walk(api, path, "id") == [row.pk for row in rows]
    assert walk(api, f"{path}?ordering={column}", "id") == [row.pk for row in reversed(rows)]


def test_the_platform_walks_through_all_businesses(make_call, rival):
    from tests.api.conftest import with_key

    rows = [make_call(tenant=tenant) for _ in range(PAGE) for tenant in (None, rival)]

    assert walk(with_key(None), "/api/calls/", "id") == [row.pk for row in reversed(rows)]


def test_rows_that_arrive_meanwhile_move_nothing(api, make_call):
    from django.utils import timezone

    rows = [make_call() for _ in range(PAGE + 5)]
    page = api.get("/api/calls/").json()
    make_call(started_at=timezone.now())
    rest = api.get(page["next"]).json()

    assert [row["id"] for row in rest["results"]] == [row.pk for row in rows[PAGE:]]


def test_filters_survive_the_turn_of_the_page(api, make_call):
    for _ in range(PAGE + 1):
        make_call(outcome="answered")
        make_call()
    page = api.get("/api/calls/?outcome=answered").json()
    rest = api.get(page["next"]).json()

    assert "outcome=answered" in page["next"]
    assert [row["outcome"] for row in rest["results"]] == ["answered"]


def test_links_do_not_come_from_the_host_header(api, make_call):
    for _ in range(PAGE + 1):
        make_call()

    assert api.get("/api/calls/", Host="evil.example").json()["next"].startswith("https://nmc.example.com/api/calls/?")


@pytest.mark.parametrize("path", ["/api/calls/", "/api/messages/", "/api/conversations/"])
@pytest.mark.parametrize(
    "cursor", ["%", "AAAA", "ÿ", b64encode(b"p=yesterday").decode(), b64encode(b"p=%00").decode(), "bz0tMQ=="]
)
def test_a_made_up_cursor_is_refused(api, path, cursor):
    answer = api.get(path, {"cursor": cursor})

    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (400, ["cursor"])


@each_list
def test_a_list_costs_the_same_however_long_it_is(
    api, path, fixture, column, queries, request, django_assert_num_queries
):
    make = request.getfixturevalue(fixture)
    api.get(path)
    for rows in (1, 40):
        for _ in range(rows):
            make()
        with django_assert_num_queries(len(queries)):
            api.get(path)
