"""Twilio's Calls resource, read only: what became of a call."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from twilio.rest.api.v2010.account.call import CallInstance

from nevermisscall.twilio.client import Credentials, call_twilio, client
from nevermisscall.twilio.paging import PAGE_SIZE, Page, day_after


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call as Twilio knows it. `seconds` it lasted from being picked up."""

    call_sid: str
    status: str
    from_number: str
    to_number: str
    direction: str
    created_at: datetime | None
    ended_at: datetime | None
    forwarded_from: str = ""
    seconds: int = 0


def fetch(credentials: Credentials, call_sid: str) -> CallRecord:
    """Return Twilio's record of a call; `PermanentTwilioError` if it has none."""
    return _as_record(call_twilio(lambda: client(credentials).calls(call_sid).fetch()))


def latest(credentials: Credentials, *, from_number: str, to_number: str, limit: int = 50) -> list[CallRecord]:
    """Return the newest calls between two numbers. No date filter: a call that still rings has no StartTime."""
    rows = call_twilio(
        lambda: client(credentials).calls.list(from_=from_number, to=to_number, limit=limit, page_size=limit)
    )
    return [_as_record(row) for row in rows]


def page(
    credentials: Credentials, *, since: datetime, until: datetime, next_url: str = "", size: int = PAGE_SIZE
) -> Page[CallRecord]:
    """Return one page of all calls that started since then, legs too; `next_url` of the page before goes on.

    Days are the grain that Twilio promises: there may be more than was asked for.
    """
    calls = client(credentials).calls
    found = call_twilio(
        lambda: (
            calls.get_page(next_url)
            if next_url
            else calls.page(start_time_after=since, start_time_before=day_after(until), page_size=size)
        )
    )
    return Page([_as_record(row) for row in found], found.next_page_url or "")


def legs(credentials: Credentials, parent_call_sid: str) -> list[CallRecord]:
    """Return the legs that a call was forwarded to."""
    rows: Iterable[CallInstance] = call_twilio(
        lambda: client(credentials).calls.list(parent_call_sid=parent_call_sid, limit=20)
    )
    return [_as_record(row) for row in rows]


def any_child_answered(credentials: Credentials, parent_call_sid: str) -> bool:
    """Tell whether somebody, or a machine, talked on a leg that the call was forwarded to."""
    children = call_twilio(lambda: client(credentials).calls.list(parent_call_sid=parent_call_sid, limit=20))
    return any(str(child.status) in {"in-progress", "completed"} and child.duration != "0" for child in children)


def _as_record(call: CallInstance) -> CallRecord:
    return CallRecord(
        call_sid=call.sid or "",
        status=str(call.status or ""),
        from_number=call._from or "",
        to_number=call.to or "",
        direction=call.direction or "",
        created_at=call.date_created,
        ended_at=call.end_time,
        forwarded_from=call.forwarded_from or "",
        seconds=int(call.duration or 0),
    )
