"""Texts that Twilio knows and we do not.

One that left is bound to its row, so that it does not leave again, or gets a row; one that came in is received as if
its webhook had come when it was written.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction

from nevermisscall.lib import clock
from nevermisscall.lib.clock import now
from nevermisscall.lib.text import storable
from nevermisscall.outbox import facts
from nevermisscall.twilio import messages as twilio_messages
from nevermisscall.twilio.messages import MessageRecord
from nevermisscall.twilio.paging import Page
from nevermisscall.webhooks import receipts, twiml
from nevermisscall.webhooks.parsing import Pairs, Params
from nevermisscall.webhooks.receipts import Answer, Envelope
from sms import receiving, resolving, serializers, services
from sms.events import MessageFound
from sms.models import FROM_TWILIO, RANK, Message, Status
from sms.services import MessageReport
from tenants import accounts
from tenants import services as tenant_services
from tenants.compliance import Purpose
from tenants.models import PhoneNumber

# Only a status callback tells what Twilio said by itself to STOP, START and HELP; it is none of our texts.
AUTOMATIC = "outbound-reply"
# Ours may still be sent: the sender has not had, or not seen, an answer.
NOT_YET_KNOWN = (Status.QUEUED, Status.SENDING, Status.UNKNOWN)


# -- outgoing ---------------------------------------------------------------------------------------------------------


def outgoing_page(account_sid: str, *, since: datetime, until: datetime, next_url: str = "") -> Page[MessageRecord]:
    """Return one page of the texts that left the account's numbers in that time, oldest first."""
    page = _page(account_sid, since, until, next_url)
    return replace(page, records=[text for text in page.records if text.direction.startswith("outbound")])


def look_outgoing(account_sid: str, records: Sequence[MessageRecord]) -> tuple[list[MessageRecord], int]:
    """Return the texts that have no row or are further than theirs, and how many are not ours. Two queries."""
    sent = [text for text in records if text.direction != AUTOMATIC]
    owned = tenant_services.owned(account_sid, (text.from_number for text in sent))
    ours = [text for text in sent if text.from_number in owned and _moment(text) >= owned[text.from_number]]
    known = dict(
        Message.objects.filter(message_sid__in=[text.message_sid for text in ours]).values_list("message_sid", "status")
    )
    return [text for text in ours if _is_news(text, known.get(text.message_sid))], len(sent) - len(ours)


def mend_outgoing(account_sid: str, record: MessageRecord) -> str:
    """Bind the text to our row, open one, or move it forward: "bound", "created", "moved", or "" if nothing is left."""
    with clock.as_of(_moment(record)):
        if Message.objects.filter(message_sid=record.message_sid).exists():
            return _move(account_sid, record)
        number = PhoneNumber.objects.exclude(state=PhoneNumber.State.RELEASED).get(number=record.from_number)
        try:
            with transaction.atomic():
                return _bind(number, record) or _open(number, record)
        except IntegrityError:
            return ""  # a callback was faster


def _is_news(record: MessageRecord, status: str | None) -> bool:
    reported = FROM_TWILIO.get(record.status)
    return status is None or (reported is not None and RANK[reported] > RANK[Status(status)])


def _move(account_sid: str, record: MessageRecord) -> str:
    report = MessageReport(record.message_sid, account_sid, record.status, record.error_code, attempt=None)
    return "moved" if services.apply_report(report) else ""


def _bind(number: PhoneNumber, record: MessageRecord) -> str:
    """The text is one of ours that was queued, or whose outcome nobody knew: it must not leave again."""
    waiting = Message.objects.between(number, record.to_number).filter(
        direction=Message.Direction.OUTBOUND,
        message_sid__isnull=True,
        status__in=NOT_YET_KNOWN,
        created_at__lte=_moment(record) + resolving.CREATED_BEFORE,
    )
    for row in waiting.select_for_update(of=["self"]).order_by("created_at", "pk"):  # not the number: calls need it
        if resolving.is_same_text(row.body, record.body):
            resolving.bind_sid(row.pk, record)
            return "bound"
    return ""


def _open(number: PhoneNumber, record: MessageRecord) -> str:
    message = Message.objects.create(
        tenant_id=number.tenant_id,
        phone_number=number,
        direction=Message.Direction.OUTBOUND,
        purpose=Purpose.FOUND,
        status=FROM_TWILIO.get(record.status, Status.SENT_TO_PROVIDER),
        message_sid=record.message_sid,
        idempotency_key=f"found:{record.message_sid}",
        from_number=record.from_number,
        to_number=record.to_number,
        body=storable(record.body)[: services.MAX_BODY],
        error_code=record.error_code,
        num_segments=record.num_segments or None,
        created_at=record.created_at or _moment(record),
        sent_at=record.sent_at,
        reconciled_at=now(),
    )
    facts.publish(MessageFound(message))
    return "created"


# -- incoming ---------------------------------------------------------------------------------------------------------


def incoming_page(account_sid: str, *, since: datetime, until: datetime, next_url: str = "") -> Page[MessageRecord]:
    """Return one page of the texts that came to the account's numbers in that time, oldest first."""
    page = _page(account_sid, since, until, next_url)
    return replace(page, records=[text for text in page.records if text.direction == "inbound"])


def look_incoming(account_sid: str, records: Sequence[MessageRecord]) -> tuple[list[MessageRecord], int]:
    """Return the texts that have no row, and how many were not to a number of ours. Two queries."""
    owned = tenant_services.owned(account_sid, (text.to_number for text in records))
    ours = [text for text in records if text.to_number in owned and _moment(text) >= owned[text.to_number]]
    sids = [text.message_sid for text in ours]
    known = set(Message.objects.filter(message_sid__in=sids).values_list("message_sid", flat=True))
    return [text for text in ours if text.message_sid not in known], len(records) - len(ours)


def mend_incoming(account_sid: str, record: MessageRecord) -> str:
    """Receive a text as if its webhook had come when it was written: "created", or "" if it was faster.

    The receipt is that of the webhook: should it come after all, it is a repeat.
    """
    params = Params(_as_posted(account_sid, record))
    text = replace(serializers.read_text(params), found_at=now())
    params.check()
    envelope = Envelope(kind="sms", account_sid=account_sid, key=record.message_sid, params=params, token="")

    def receive(_receipt_id: int) -> Answer:
        receiving.receive_text(text)
        return twiml.empty()

    with clock.as_of(_moment(record)):
        _, was_here = receipts.once(envelope, receive)
    return "" if was_here else "created"


def _as_posted(account_sid: str, record: MessageRecord) -> Pairs:
    """Return the fields of the webhook that did not come."""
    fields = [
        ("MessageSid", record.message_sid),
        ("AccountSid", account_sid),
        ("From", record.from_number),
        ("To", record.to_number),
        ("Body", record.body),
        ("NumSegments", str(record.num_segments)),
        ("NumMedia", str(record.num_media)),
    ]
    if record.num_media:
        folder = f"https://api.twilio.com/2010-04-01/Accounts/{account_sid}/Messages/{record.message_sid}/Media"
        files = twilio_messages.media(accounts.credentials(account_sid), record.message_sid)
        for index, (media_sid, content_type) in enumerate(files):
            fields += [(f"MediaUrl{index}", f"{folder}/{media_sid}"), (f"MediaContentType{index}", content_type)]
    return fields


def _page(account_sid: str, since: datetime, until: datetime, next_url: str) -> Page[MessageRecord]:
    found = twilio_messages.page(accounts.credentials(account_sid), since=since, until=until, next_url=next_url)
    return replace(found, records=[text for text in reversed(found.records) if since <= _moment(text) <= until])


def _moment(record: MessageRecord) -> datetime:
    """When it was written; for one that left, when it did: what waited at Twilio is listed under that time."""
    moment = record.created_at if record.direction == "inbound" else record.sent_at or record.created_at
    assert moment is not None, "Twilio's records of texts have a time"
    return moment
