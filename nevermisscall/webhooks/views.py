"""The base of every Twilio endpoint: signature, shape, receipt, one service call, one answer."""

import logging
from typing import Any, ClassVar, cast

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.request import Request
from rest_framework.views import APIView

from nevermisscall.lib.logs import bind, request_id
from nevermisscall.webhooks import receipts
from nevermisscall.webhooks.authentication import is_signed
from nevermisscall.webhooks.parsing import InvalidWebhook, Params, parse_form
from nevermisscall.webhooks.receipts import Answer, Envelope
from tenants.routing import NotLoaded

MAX_BODY_BYTES = 1024 * 1024  # Twilio's largest form is a few kilobytes; 5 000 fields are under 200
FORM = "application/x-www-form-urlencoded"

logger = logging.getLogger(__name__)


class TwilioWebhookView(APIView):
    """One Twilio endpoint. A subclass says how to read it, what makes it a repeat, and what to do.

    Answers: 401 not Twilio · 400 signed but without what we cannot do without · 200 or 204 otherwise. If we fail
    ourselves, a caller still gets valid TwiML (`when_broken`), because a person is on the line.
    """

    kind: ClassVar[str]
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
        """Return the answer when `answer` failed, without using the database. 503 asks Twilio to try again."""
        return Answer(503)

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
            return _response(self._answer_once(request, params, account_sid, webhook))
        except InvalidWebhook as error:
            logger.warning("webhook refused: malformed", extra={"fields": error.fields})
            return _refuse(400, "INVALID_WEBHOOK", "the webhook lacks what it needs", fields=error.fields)

    def _answer_once(self, request: HttpRequest, params: Params, account_sid: str, webhook: Any) -> Answer:
        key = self.key(webhook)[:200]
        token = request.META.get("HTTP_I_TWILIO_IDEMPOTENCY_TOKEN", "")
        bind(webhook=self.kind, webhook_key=key)
        envelope = Envelope(self.kind, account_sid, key, params, token)
        # Each request would first ask the database whether it is there; doing the work and, should the connection have
        # died since the last request, doing it again on a new one costs nothing. The receipt makes that safe.
        connection.health_check_done = True  # type: ignore[attr-defined]
        used = connection.connection
        try:
            try:
                answer, repeated = self.answer_once(envelope, webhook)
            except (OperationalError, InterfaceError):
                # Leaving `atomic` may have replaced a dead connection by a new one already.
                if connection.in_atomic_block or (connection.connection is used and connection.is_usable()):
                    raise
                connection.close()
                answer, repeated = self.answer_once(envelope, webhook)
        except InvalidWebhook:
            raise  # signed, but by an account that has no business with this call
        except (DatabaseError, InterfaceError):
            logger.exception("Database connection failed: webhook answered without being recorded")
            return self.when_broken(webhook)
        except Exception:
            # The last resort: whatever the bug, the caller must not hear an application error.
            logger.exception("webhook failed: answered without being recorded")
            return self.when_broken(webhook)
        if repeated:
            logger.info("webhook repeated: answered as before")
        return answer


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
