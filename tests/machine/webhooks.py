"""Webhooks that are written down before they are posted, so that they can come late and again."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.test import Client

from nevermisscall.webhooks.journal import files
from nevermisscall.webhooks.journal.records import encode
from nevermisscall.webhooks.journal.writing import writer
from tests.fixtures.people import CUSTOMER
from tests.fixtures.webhooks import TwilioPhone


@dataclass(eq=False)
class Webhook:
    """A request of Twilio's. `then` tells the model what it means, when it is answered for the first time."""

    path: str
    fields: dict[str, str]
    then: Callable[[], None] = lambda: None
    answer: tuple[int, bytes] | None = None  # the first; None while it waits in the journal


@dataclass
class Ring:
    """A call. Twilio's webhooks about it that have not come yet, and what it is to come to."""

    call_sid: str
    customer: str
    outcome: str
    began: float
    missing: list[Webhook] = field(default_factory=list)
    told: str = ""  # the model, of a miss: "perhaps" or "surely"


class Recorder(TwilioPhone):
    """Writes its requests down in place of posting them."""

    def __init__(self, customer: str = CUSTOMER) -> None:
        super().__init__(Client())
        self._customer = customer
        self.said: list[tuple[str, dict[str, str]]] = []

    def call_fields(self, **fields: Any) -> dict[str, str]:
        return super().call_fields(**{"From": self._customer, "Caller": self._customer} | fields)

    def leg_fields(self, **fields: Any) -> dict[str, str]:
        return super().leg_fields(**{"From": self._customer} | fields)

    def post(self, path: str, fields: Any, **_: Any) -> Any:
        self.said.append((path, fields))
        return HttpResponse()


def written_down(say: Callable[[TwilioPhone], Any], then: Callable[[], None]) -> Webhook:
    recorder = Recorder()
    say(recorder)
    return Webhook(*recorder.said[0], then)


def shift_journal(seconds: float) -> None:
    """Let what waits in the journal have come so much earlier."""
    writer.seal()
    for path in files.waiting():
        records = files.read(path).records
        path.write_bytes(
            b"".join(
                encode(replace(record, received_at=record.received_at - timedelta(seconds=seconds)))
                for record in records
            )
        )
