"""The base of every Twilio endpoint: signature, shape, receipt, one service call, one answer."""

import logging
import random
import uuid
from time import sleep
from typing import Any, ClassVar, cast

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from nevermisscall.lib import database
from nevermisscall.lib.clock import utcnow
from nevermisscall.lib.database import breaker
from nevermisscall.lib.logs import bind, request_id
from nevermisscall.webhooks import receipts, timing
from nevermisscall.webhooks.authentication import is_signed, raw_uri
from nevermisscall.webhooks.journal import joining
from nevermisscall.webhooks.journal import writing as journal
from nevermisscall.webhooks.journal.records import Record
from nevermisscall.webhooks.parsing import InvalidWebhook, Params, parse_form
from nevermisscall.webhooks.receipts import Answer, Envelope
from tenants.routing import NotLoaded

MAX_BODY_BYTES = 1024 * 1024  # Twilio's largest form is a few kilobytes; 5 000 fields are under 200
FORM = "application/x-www-form-urlencoded"
TRIES = 3  # of one webhook, where trying again helps
COLLISIONS = ("40001", "40P01")  # serialization failure, deadlock: https://www.postgresql.org/docs/current/mvcc.html

AWAY = "Database connection failed: webhook answered from memory, to be recorded later"

logger = logging.getLogger(__name__)


class TwilioWebhookView(APIView):
    """One Twilio endpoint. A subclass says how to read it, what makes it a repeat, and what to do.

    Answers: 401 not Twilio · 400 signed but without what we cannot do without · 200 or 204 otherwise. If we fail
    ourselves, or the database is away, the webhook goes into the journal, to be recorded later, and the answer is
    `when_broken`. If even that fails, a caller still gets valid TwiML; where nobody listens, 503 asks Twilio to try
    again.
    """

    kind: ClassVar[str]
    can_wait: ClassVar[bool] = True  # False: `when_broken` asks a person to do it again, so it must not count later
    http_method_names = ["get", "post"]

    # -- for subclasses -----------------------------------------------------------------------------------------------

    def read(self, params: Params, **path: str) -> Any:
        """Return what came, as values. Collect what is wrong in `params` or raise `InvalidWebhook`."""
        raise NotImplementedError

    def key(self, webhook: Any) -> str:
        """Return what two copies of this webhook have in common and no other webhook of its kind has."""
        raise NotImplementedError

    def answer(self, webhook: Any, receipt_id: int) -> Answer:
        """Do the work, inside the receipt's transaction, and return what Twilio gets."""
        raise NotImplementedError

    def when_broken(self, webhook: Any) -> Answer:
        """Return the answer when `answer` failed, without using the database."""
        return Answer(204)

    def is_heard(self, webhook: Any) -> bool:
        """Tell whether somebody on the line hears the answer, so that it must be given whatever happens."""
        return False

    def answer_once(self, envelope: Envelope, webhook: Any) -> tuple[Answer, bool]:
        """Answer, unless it was answered before. Returns the answer and whether it is a repeat."""
        return receipts.once(envelope, lambda receipt_id: self.answer(webhook, receipt_id))

    # -- the steps ----------------------------------------------------------------------------------------------------

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        # No parsers, authenticators or negotiation: a webhook has one content type each way and its own signature.
        return Request(request)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Skip what DRF does before a handler; `_handle` does what a webhook needs."""

    def finalize_response(  # type: ignore[override]
        self, request: Any, response: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Leave the answer as it is: there is nothing to negotiate or render."""
        return cast(HttpResponse, response)

    def get(self, request: Request, **path: str) -> HttpResponse:
        # A number configured with GET, or a POST that a proxy redirected: a call is on the line all the same.
        return self._handle(request._request, request._request.META.get("QUERY_STRING", "").encode("latin-1"), path)

    def post(self, request: Request, **path: str) -> HttpResponse:
        http = request._request
        if int(http.META.get("CONTENT_LENGTH") or 0) > MAX_BODY_BYTES:
            return _refuse(413, "BODY_TOO_LARGE", f"a webhook has at most {MAX_BODY_BYTES} bytes")
        return self._handle(http, http.body if http.content_type == FORM else b"", path)

    def http_method_not_allowed(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        refusal = _refuse(405, "METHOD_NOT_ALLOWED", "a webhook is a POST or a GET")
        refusal["Allow"] = "GET, POST"
        return refusal

    def _handle(self, request: HttpRequest, form: bytes, path: dict[str, str]) -> HttpResponse:
        pairs = parse_form(form)
        params = Params(pairs)
        # The account whose token verifies and the account that everything below goes by: one reading of one field.
        account_sid = params.text("AccountSid")
        try:
            signed = is_signed(request, pairs, account_sid)
        except NotLoaded:
            # Nobody can tell whose account this is: Twilio tries again, and then its fallback URL.
            return _refuse(503, "UNAVAILABLE", "the database does not answer; try again")
        if not signed:
            logger.warning("webhook refused: not signed by Twilio for this URL")
            return _refuse(401, "INVALID_SIGNATURE", "the request is not signed by Twilio for this URL")
        try:
            webhook = self.read(params, **path)
            params.check()
            record = self._record(request, form, account_sid, webhook)
            return _response(self._answer_or_keep(record, params, webhook))
        except InvalidWebhook as error:
            logger.warning("webhook refused: malformed", extra={"fields": error.fields})
            return _refuse(400, "INVALID_WEBHOOK", "the webhook lacks what it needs", fields=error.fields)

    def _record(self, request: HttpRequest, form: bytes, account_sid: str, webhook: Any) -> Record:
        key = self.key(webhook)[:200]
        bind(webhook=self.kind, webhook_key=key)
        return Record(
            id=request_id() or uuid.uuid4().hex,
            received_at=utcnow(),
            account_sid=account_sid,
            method=request.method or "",
            uri=raw_uri(request),
            form=form,
            token=request.META.get("HTTP_I_TWILIO_IDEMPOTENCY_TOKEN", ""),
            kind=self.kind,
            key=key,
        )

    def _answer_or_keep(self, record: Record, params: Params, webhook: Any) -> Answer:
        if breaker.refuses or joining.is_on():
            return self._keep(record, webhook, AWAY)
        try:
            answer, repeated = self._answer_once(record, params, webhook, seconds=database.WEBHOOK_SECONDS)
        except InvalidWebhook:
            raise  # signed, but by an account that has no business with this call
        except (DatabaseError, InterfaceError) as error:
            if database.is_away(error) or database.sqlstate(error) in COLLISIONS:
                breaker.trip()  # what comes next joins it, so that each call's webhooks stay in order
            return self._keep(record, webhook, AWAY, error)
        except Exception as error:
            # The last resort: whatever the bug, the caller must not hear an application error.
            return self._keep(record, webhook, "webhook failed: answered without being recorded", error)
        if repeated:
            logger.info("webhook repeated: answered as before")
        return answer

    def _keep(self, record: Record, webhook: Any, why: str, error: Exception | None = None) -> Answer:
        """Write the webhook into the journal instead, and answer it from memory."""
        kept = self.can_wait and journal.keep(record)
        if kept and (error is None or isinstance(error, DatabaseError | InterfaceError)):
            joining.begin()  # not for a bug: it would stay one, and hold up everybody
        if self.can_wait and not kept and self.is_heard(webhook):
            timing.note_unrecorded(self.kind)
        logger.error(why, exc_info=error, extra={"journaled": kept})
        return self.when_broken(webhook) if kept or self.is_heard(webhook) else Answer(503)

    def replay(self, request: HttpRequest, record: Record, path: dict[str, str], *, seconds: float) -> None:
        """Do the work of a webhook of the journal. `request` is it, without its body. Raises whatever goes wrong."""
        self.request = Request(request)
        params = Params(parse_form(record.form))
        webhook = self.read(params, **path)
        params.check()
        bind(webhook=self.kind, webhook_key=record.key)
        self._answer_once(record, params, webhook, seconds=seconds)

    def _answer_once(self, record: Record, params: Params, webhook: Any, *, seconds: float) -> tuple[Answer, bool]:
        """Answer on whatever connection works, with another try where that helps. The receipt makes that safe."""
        envelope = Envelope(self.kind, record.account_sid, record.key, params, record.token)
        # Each request would first ask the database whether it is there; doing the work and, should the connection have
        # died since the last request, doing it again on a new one costs nothing.
        connection.health_check_done = True  # type: ignore[attr-defined]
        with database.limit(seconds) as limit:
            for _ in range(TRIES - 1):
                used = connection.connection
                try:
                    return self.answer_once(envelope, webhook)
                except (DatabaseError, InterfaceError) as error:
                    if limit.overdue or not _may_help(error, used):
                        raise
            return self.answer_once(envelope, webhook)


def _may_help(error: Exception, used: Any) -> bool:
    """Make ready for another try and tell whether it may go better than the last, on the connection `used`."""
    if connection.in_atomic_block:
        return False
    code = database.sqlstate(error)
    if code in COLLISIONS:
        sleep(random.uniform(0.005, 0.03))  # noqa: S311 - so that the two do not collide again
        return True
    # Leaving `atomic` may have replaced a dead connection by a new one already. A server that became a replica keeps
    # its connections; a new one finds the primary.
    replaced = connection.connection is not used
    if used is None or not (replaced or code == "25006" or not connection.is_usable()):
        return False
    connection.close()
    return True


def _response(answer: Answer) -> HttpResponse:
    if answer.status_code == 204:
        return HttpResponse(status=204)
    return HttpResponse(answer.body, status=answer.status_code, content_type=answer.content_type)


def _refuse(status: int, code: str, message: str, *, fields: dict[str, str] | None = None) -> JsonResponse:
    # 401 without WWW-Authenticate: with one, Twilio would repeat the request with credentials.
    error: dict[str, Any] = {"code": code, "message": message, "request_id": request_id()}
    if fields:
        error["fields"] = fields
    return JsonResponse({"error": error}, status=status)
