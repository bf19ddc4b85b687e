"""Batches through the API."""

import csv
import io
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import work
from sms.bulk import releasing
from sms.bulk.models import Batch
from sms.models import Message
from tenants.models import ApiKey


@pytest.fixture
def api(client, acme):
    """Acme's program."""
    _, key = ApiKey.issue(tenant_id=acme.pk, name="test", scopes=["read", "write"])
    return Caller(client, key)


@pytest.fixture
def rival_api(client, rival):
    _, key = ApiKey.issue(tenant_id=rival.pk, name="test", scopes=["read", "write"])
    return Caller(client, key)


class Caller:
    def __init__(self, client, key: str) -> None:
        self.client, self.headers = client, {"Authorization": f"Bearer {key}"}

    def post(self, path: str, body=None, **headers: str):
        return self.client.post(
            path, json.dumps(body), content_type="application/json", headers={**self.headers, **headers}
        )

    def upload(self, path: str, file: str, **fields: str):
        upload = SimpleUploadedFile("people.csv", file.encode(), content_type="text/csv")
        return self.client.post(path, {"file": upload, **fields}, headers=self.headers)

    def get(self, path: str):
        return self.client.get(path, headers=self.headers)


TWO = [{"to": "+14155550123", "name": "Ann"}, {"to": "(415) 555-0124", "name": "=1+1"}]


def test_a_batch_is_accepted_and_watched(api):
    made = api.post("/api/sms/bulk", {"body": "Hi {name}", "recipients": TWO, "name": "Spring"})

    assert made.status_code == 202
    assert (made.json()["status"], made.json()["total"]) == ("scheduled", 2)
    watched = api.get(f"/api/sms/bulk/{made.json()['id']}").json()
    assert watched["progress"] == {"waiting": 2, "refused": 0}
    assert [batch["name"] for batch in api.get("/api/sms/bulk").json()["results"]] == ["Spring"]


def test_every_bad_row_is_listed_and_nothing_is_kept(api):
    answer = api.post("/api/sms/bulk", {"body": "Hi {name}", "recipients": [*TWO, {"to": "1"}, {"to": "+14155550125"}]})

    assert answer.status_code == 400
    assert set(answer.json()["error"]["fields"]) == {"recipients.3.to", "recipients.4.name"}
    assert not Batch.objects.exists()


def test_a_csv_file_is_accepted(api):
    answer = api.upload("/api/sms/bulk", "to,name\n+14155550123,Ann\n", body="Hi {name}")

    assert answer.status_code == 202
    assert Batch.objects.get().recipients.get().values == {"name": "Ann"}


@pytest.mark.parametrize(("file", "said"), [("a,b\n1,2\n", "first line must name"), ("", "first line must name")])
def test_a_csv_file_without_numbers_is_refused(api, file, said):
    answer = api.upload("/api/sms/bulk", file or "\n", body="Hi")

    assert answer.status_code == 400
    assert said in answer.json()["error"]["fields"]["file"]


def test_a_form_without_a_file_is_refused(api):
    answer = api.client.post("/api/sms/bulk", {"body": "Hi"}, headers=api.headers)

    assert answer.json()["error"]["fields"] == {"file": "is missing: a CSV file of recipients"}


def test_the_same_request_twice_is_one_batch(api):
    body = {"body": "Hi", "recipients": [{"to": "+14155550123"}]}
    first, again = (api.post("/api/sms/bulk", body, **{"Idempotency-Key": "k1"}) for _ in range(2))

    assert first.json() == again.json()
    assert Batch.objects.count() == 1


def test_a_preview_stores_nothing(api):
    answer = api.post("/api/sms/bulk/preview", {"body": "Hi {name}", "recipients": TWO})

    assert answer.json()[0] == {"to": "+14155550123", "body": "Hi Ann"}
    assert not Batch.objects.exists()


def test_a_batch_is_paused_resumed_and_canceled(api):
    pk = api.post("/api/sms/bulk", {"body": "Hi", "recipients": [{"to": "+14155550123"}]}).json()["id"]
    statuses = [api.post(f"/api/sms/bulk/{pk}/{what}").json()["status"] for what in ("pause", "resume", "cancel")]

    assert statuses == ["paused", "running", "canceled"]
    refused = api.post(f"/api/sms/bulk/{pk}/resume")
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "INVALID_TRANSITION"


def test_the_results_are_safe_to_open_in_a_spreadsheet(api, acme):
    pk = api.post("/api/sms/bulk", {"body": "Hi {name}", "recipients": TWO}).json()["id"]
    Batch.objects.update(next_release_at=DatabaseClock())
    work.run_one(releasing.QUEUE, pk)
    answer = api.get(f"/api/sms/bulk/{pk}/results")

    lines = list(csv.DictReader(io.StringIO(answer.getvalue().decode())))
    assert [line["to"] for line in lines] == ["'+14155550123", "'+14155550124"]
    assert {line["status"] for line in lines} == {"queued"}
    assert Message.objects.count() == 2


@pytest.mark.parametrize("path", ["", "/pause", "/resume", "/cancel", "/results"])
def test_another_business_finds_nothing(api, rival_api, path):
    pk = api.post("/api/sms/bulk", {"body": "Hi", "recipients": [{"to": "+14155550123"}]}).json()["id"]
    ask = rival_api.get if path in {"", "/results"} else rival_api.post

    assert ask(f"/api/sms/bulk/{pk}{path}").status_code == 404


def test_ten_thousand_recipients_come_in_one_request(api):
    many = [{"to": f"+1917{2_000_000 + n}"} for n in range(10_000)]
    answer = api.post("/api/sms/bulk", {"body": "Hi", "recipients": many})

    assert answer.status_code == 202
    assert answer.json()["total"] == 10_000
