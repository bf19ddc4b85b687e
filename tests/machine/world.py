"""The product and everybody around it: signed webhooks in, a worker that may die, Twilio on a socket, and time.

Time passes by making everything that is written down so much older: nobody sleeps, and every clock stays right.
"""

import re
from collections.abc import Callable
from contextlib import nullcontext
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.db import OperationalError, connection, connections
from django.test import Client

from nevermisscall.lib.database import breaker
from nevermisscall.outbox import queues, work
from nevermisscall.twilio import signature
from nevermisscall.webhooks.journal import files, joining
from nevermisscall.webhooks.journal.replaying import Replayer
from nevermisscall.webhooks.journal.writing import writer
from tests.api.conftest import with_key
from tests.fixtures.webhooks import FORM
from tests.machine import books, tables
from tests.machine.carrier import Carrier, Text
from tests.machine.deaths import FailsAt, Killed
from tests.machine.model import Customer
from tests.machine.webhooks import Ring, Webhook, shift_journal, written_down
from tests.machine.words import token

CUSTOMERS = ("+14155550123", "+14155550124")
FOREVER = 1e9
SETTLED_AFTER = (85.0, 120.0)  # a call without callbacks is looked up at Twilio in between
AT_ONCE = 4  # rows that a worker claims together
_IN_DOUBT = "SELECT DISTINCT to_number FROM sms_message WHERE status IN ('sending', 'unknown') AND sender_type = 'ai'"
HOLDERS = {"active": "nobody", "ai_handling": "ai", "user_handling": "person", "completed": "over"}


class World:
    """One story at a time; `reset` begins the next."""

    def __init__(self, carrier: Carrier, user_id: int, tenant: Any) -> None:
        self.carrier, self.user_id, self.tenant = carrier, user_id, tenant
        self.client = Client()
        self._shift = tables.shift_statements()
        self._clear = "; ".join(f'DELETE FROM "{table}"' for table in tables.tables() if table not in tables.SETUP)
        self._due_queues = tables.due_statement()
        self._under_way = tables.under_way_statement()
        self.stories = self.steps = self.webhooks = 0
        carrier.before_answer = self._report_before_the_answer

    def reset(self) -> None:
        self.stories += 1
        self.return_database()
        with connection.cursor() as cursor:
            cursor.execute(f"BEGIN; SET LOCAL session_replication_role = replica; {self._clear}; COMMIT")
            if self.stories % 50 == 0:
                cursor.execute("VACUUM")
        self.carrier.reset()
        self.api = with_key(self.tenant)
        self.customers = {phone: Customer() for phone in CUSTOMERS}
        self.handles: dict[str, int] = {}
        self.holders = dict.fromkeys(CUSTOMERS, "absent")
        self.history: list[Webhook] = []
        self.rings: list[Ring] = []
        self.held: list[Webhook] = []
        self.shifted, self.step, self.number, self.idle = 0.0, 0, 0, 0.0
        self.is_resting, self.is_sound = False, True
        self.web_fails: FailsAt | None = None
        self.worker_fails: FailsAt | None = None
        self.freezes = False
        self.frozen: list[tuple[str, list[Any]]] = []

    # -- time ----------------------------------------------------------------------------------------------------------

    def now(self) -> float:
        return monotonic() + self.shifted

    def passes(self, seconds: float) -> None:
        """Everything was so much earlier."""
        with connection.cursor() as cursor:
            cursor.execute(self._shift.replace("$SECONDS", f"{seconds:g}"))
        self.carrier.shift(seconds)
        shift_journal(seconds)
        for _, rows in self.frozen:
            tables.shift_rows(rows, seconds)
        self.shifted += seconds
        self.idle = self.idle + seconds if self.is_resting or self.is_away else 0.0

    # -- Twilio posts --------------------------------------------------------------------------------------------------

    def post(self, webhook: Webhook) -> None:
        """Twilio posts it; if the process dies over it, once more."""
        self.webhooks += 1
        if webhook not in self.history:
            self.history.append(webhook)
        status, body = self._request_or_retry(webhook)
        assert status in {200, 204}, f"{webhook.path} was answered {status}: {body!r}"
        if self.is_away:  # that is how the processes know
            self.lose_database()
        elif webhook.answer is None:
            webhook.answer = status, body
        else:
            assert webhook.answer == (status, body), "the same webhook has another answer"
        then, webhook.then = webhook.then, lambda: None
        then()

    def _request_or_retry(self, webhook: Webhook) -> tuple[int, bytes]:
        fails, self.web_fails = self.web_fails, None
        if fails is None:
            return self._request(webhook)
        try:
            with connection.execute_wrapper(fails):
                return self._request(webhook)
        except Killed:
            return self._request(webhook)

    def _request(self, webhook: Webhook) -> tuple[int, bytes]:
        pairs = list(webhook.fields.items())
        signed = signature.compute(settings.PUBLIC_BASE_URL + webhook.path, pairs, settings.TWILIO_AUTH_TOKEN)
        answer = self.client.post(
            webhook.path, urlencode(pairs), content_type=FORM, headers={"X-Twilio-Signature": signed}
        )
        return answer.status_code, answer.content

    def text(self, body: str, from_: str, then: Callable[[], None]) -> None:
        self.post(written_down(lambda phone: phone.text(body, From=from_), then))

    def report(self, text: Text, status: str, then: Callable[[], None], **fields: str) -> Webhook:
        """Return the status callback of a text."""
        query = urlsplit(text.callback).query
        return written_down(lambda phone: phone.message_status(text.sid, status, query=f"?{query}", **fields), then)

    def _report_before_the_answer(self, text: Text) -> None:
        """Twilio reports before it has answered us: in a thread of its own, while the sender waits."""
        text.status = text.truth = "sent"
        webhook = self.report(text, "sent", lambda: None)
        try:
            self.history.append(webhook)
            webhook.answer = self._request(webhook)
        finally:
            connections.close_all()

    # -- the database --------------------------------------------------------------------------------------------------

    @property
    def is_away(self) -> bool:
        return breaker.is_open or joining.is_on()

    def lose_database(self) -> None:
        breaker.trip(FOREVER)

    def return_database(self, *, fails: FailsAt | None = None) -> None:
        """It is back: what waits in the journal is recorded, by a process that may die over it."""
        while self.is_away or files.waiting():
            writer.seal()
            try:
                with connection.execute_wrapper(fails) if fails else nullcontext():
                    progress = Replayer().round()
                assert progress.set_aside == 0, "a webhook of the journal was set aside"
                joining.end()
                breaker.close()
            except Killed:
                fails = None

    # -- the worker ----------------------------------------------------------------------------------------------------

    def work(self, *, thaws: bool = False) -> None:
        """Do what is due, unless nobody is there to do it, and hold what happened against the model.

        If it `thaws`, the workers that were frozen go on first, with rows that others may have done since.
        """
        begin, sent, self.is_sound = self.now(), len(self.carrier.texts), False
        is_working = not (self.is_away or self.is_resting)
        calm = is_working and not self._asks(self._under_way)
        self._tell_of_silent_calls(begin)
        if is_working:
            calm = (not thaws or self._thaw()) and self._do_due() and not self._asks(self._under_way) and calm
            texts = [(self.whose(text), token(text)) for text in self.carrier.texts[sent:]]
            for phone, customer in self.customers.items():
                theirs = [token for whose, token in texts if whose == phone and token]
                customer.work((begin, self.now()), self.step, theirs, calm=calm)
            for (phone,) in self._ask(_IN_DOUBT):
                self.customers[phone].is_in_doubt()
        self._look()
        books.nothing_was_sent_twice(self.carrier)
        self.is_sound = True

    def _do_due(self) -> bool:
        """Run due work until there is none. Returns False if the worker died over it."""
        for _ in range(200):
            names = [name for (name,) in self._ask(self._due_queues)]
            if not names:
                return True
            for name in names:
                rows = work.claim(queues.get(name), limit=AT_ONCE)
                if self.freezes:
                    self.freezes = False
                    self.frozen.append((name, rows))
                elif not self._run(name, rows):
                    return False
        raise AssertionError(f"work without end: {names}")

    def _thaw(self) -> bool:
        frozen, self.frozen = self.frozen, []
        return all(self._run(name, rows) for name, rows in frozen)

    def _run(self, name: str, rows: list[Any]) -> bool:
        fails = self.worker_fails
        try:
            with connection.execute_wrapper(fails) if fails else nullcontext():
                for row in rows:
                    work.run_claimed(queues.get(name), row)
        except (Killed, OperationalError):
            self.worker_fails = None
            return False
        return True

    def _tell_of_silent_calls(self, now: float) -> None:
        for ring in self.rings:
            age = now - ring.began
            if ring.outcome == "missed" and not ring.told and age > SETTLED_AFTER[0]:
                self.missed(ring, sure=False)
            if ring.told == "perhaps" and age > SETTLED_AFTER[1]:
                self.missed(ring, sure=True)

    def missed(self, ring: Ring, *, sure: bool) -> None:
        """The model learns that the product knows, or may know, that a call was missed."""
        if not ring.told:
            self.customers[ring.customer].hears("missed", self.step, ring.call_sid, sure=sure)
        elif sure:
            self.customers[ring.customer].is_sure(ring.call_sid)
        ring.told = "surely" if sure else "perhaps"

    # -- what can be seen ----------------------------------------------------------------------------------------------

    def whose(self, text: Text) -> str:
        """Return the customer a text is to, or is about."""
        if text.to in self.customers:
            return text.to
        about = re.match(r"#(\d+) \(", text.body)
        return self.customer_of(int(about[1])) if about else ""

    def customer_of(self, handle: int) -> str:
        found = self._ask(f"SELECT customer_phone FROM conversations_conversation WHERE id = {handle}")
        return str(found[0][0])

    def _look(self) -> None:
        rows = self._ask(
            "SELECT DISTINCT ON (customer_phone) customer_phone, id, status, ai_due_at IS NOT NULL "
            "FROM conversations_conversation ORDER BY customer_phone, id DESC"
        )
        seen = {phone: (handle, HOLDERS[status], waits) for phone, handle, status, waits in rows}
        for phone, customer in self.customers.items():
            handle, holder, waits = seen.get(phone, (0, "absent", False))
            customer.sees(holder, waits)
            self.holders[phone] = holder
            if handle:
                self.handles[phone] = handle

    # -- the end of a story --------------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Everything comes that is still to come, nothing goes wrong any more, and a few minutes pass."""
        self.return_database()
        self.is_resting, self.web_fails, self.worker_fails, self.freezes = False, None, None, False
        self.carrier.fates.clear()
        for webhook in [*(webhook for ring in self.rings for webhook in ring.missing), *self.held]:
            self.post(webhook)
        for _ in range(8):
            self._next_step()
            if not self._asks(self._under_way):
                break
            self.passes(60)
        else:
            raise AssertionError("a text or a row is still under way after eight minutes")
        for _ in range(2):
            self.passes(70)
            self._next_step()
        self.work(thaws=True)
        books.balance(self.carrier, self.history, self.rings)

    def _next_step(self) -> None:
        self.step += 1
        self.work()

    # -- underneath ----------------------------------------------------------------------------------------------------

    def _ask(self, statement: str) -> list[Any]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def _asks(self, statement: str) -> bool:
        return bool(self._ask(statement)[0][0])
