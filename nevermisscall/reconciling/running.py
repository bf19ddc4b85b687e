"""One run through an account's lists: outgoing texts first, then calls, then incoming texts, page by page.

In this order, so that nobody is texted about a call, or answered, who was texted or answered before. Every page may be
done again: what is mended is not missing any more.
"""

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from calls import reconciling as calls
from nevermisscall.lib import database
from nevermisscall.twilio.errors import TwilioError
from nevermisscall.twilio.paging import Page
from sms import reconciling as texts

logger = logging.getLogger(__name__)


class Pages(Protocol):
    """Read one page of an account's records in a time, oldest first."""

    def __call__(self, account_sid: str, *, since: datetime, until: datetime, next_url: str = "") -> Page[Any]: ...


@dataclass(frozen=True, slots=True)
class Stage:
    """One kind of records. `look` returns those that are to be mended and how many are not ours."""

    page: Pages
    look: Callable[[str, list[Any]], tuple[list[Any], int]]
    mend: Callable[[str, Any], str]


STAGES: dict[str, Stage] = {
    "outgoing": Stage(texts.outgoing_page, texts.look_outgoing, texts.mend_outgoing),
    "calls": Stage(calls.page, calls.look, calls.mend),
    "incoming": Stage(texts.incoming_page, texts.look_incoming, texts.mend_incoming),
}
FIRST = next(iter(STAGES))


# `bound`: a row of ours learnt which text at Twilio it is; `moved`: its status went forward; `ignored`: not to or from
# a number of ours, or before it was; `failed`: a bug, which the log explains; `missing`: what a dry run found.
FIGURES = ("looked_at", "missing", "created", "settled", "bound", "moved", "ignored", "failed")


@dataclass(slots=True)
class Run:
    """A run and where it is."""

    account_sid: str
    since: datetime
    until: datetime
    stage: str = FIRST
    next_url: str = ""
    figures: Counter[str] = field(default_factory=Counter)


def step(run: Run, *, found: Callable[[str, Any], None] | None = None) -> bool:
    """Mend what one page shows to be missing, and move on. Returns whether there is more to do.

    With `found`, it is told of each record and nothing is changed. Raises `TwilioError`: the page is to be done again.
    """
    stage = STAGES[run.stage]
    page = stage.page(run.account_sid, since=run.since, until=run.until, next_url=run.next_url)
    missing, ignored = stage.look(run.account_sid, page.records)
    for record in missing:
        if found is not None:
            found(run.stage, record)
            run.figures["missing"] += 1
        elif what := _mend(stage, run.account_sid, record):
            run.figures[what] += 1
    run.figures["looked_at"] += len(page.records)
    run.figures["ignored"] += ignored
    run.next_url = page.next_url
    if not page.next_url:
        run.stage = _after(run.stage)
    return bool(run.stage)


def sid_of(record: Any) -> str:
    """Return the SID of a call's or text's record."""
    return str(getattr(record, "call_sid", "") or record.message_sid)


def _mend(stage: Stage, account_sid: str, record: Any) -> str:
    try:
        return stage.mend(account_sid, record)
    except TwilioError:
        raise
    except Exception as error:
        if database.is_away(error):
            raise
        # One that cannot be mended must not hold up all that comes after it; the day's report names it.
        logger.exception("a record of Twilio's cannot be reconciled", extra={"sid": sid_of(record)})
        return "failed"


def _after(stage: str) -> str:
    names = list(STAGES)
    return next(iter(names[names.index(stage) + 1 :]), "")
