"""Texts to customers: what is accepted, and how it travels."""

import mimetypes
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from nevermisscall.twilio.emulator import magic
from nevermisscall.twilio.emulator.delivery import Record
from nevermisscall.twilio.emulator.errors import Refused, describe
from nevermisscall.twilio.emulator.exchange import Exchange, hook
from nevermisscall.twilio.emulator.formats import API_VERSION, e164, new_sid, now, segments
from nevermisscall.twilio.emulator.webhooks import describe_exchange
from nevermisscall.twilio.emulator.world import Event, Media, Message

MAX_BODY = 1_600
MAX_MEDIA = 10
SCHEDULE_MIN, SCHEDULE_MAX = timedelta(seconds=300), timedelta(days=35)


def compose(exchange: Exchange, account_sid: str, form: dict[str, str], media_urls: list[str]) -> Message:
    """Check a create request and return the message it asks for; raises Refused as Twilio does."""
    sender, service = form.get("From", ""), form.get("MessagingServiceSid") or None
    to, body = form.get("To", ""), form.get("Body", "")
    if not to:
        raise Refused(21604)
    if not sender and not service:
        raise Refused(21603)
    if sender in magic.MESSAGE_FROM:
        raise Refused(magic.MESSAGE_FROM[sender])
    normal = e164(to)
    if normal is None or normal == sender:
        raise Refused(21211, f"The 'To' number {to} is not a valid phone number.")
    if not body and not media_urls:
        raise Refused(21602)
    if len(body) > MAX_BODY:
        raise Refused(21617)
    if len(media_urls) > MAX_MEDIA:
        raise Refused(21623)
    if not all(_is_url(url) for url in media_urls):
        raise Refused(21620)
    if form.get("StatusCallback") and not _is_url(form["StatusCallback"]):
        raise Refused(21609)
    send_at = _schedule(form, service)
    if service:
        given, sender = sender, _pool_sender(exchange, account_sid, service, sender)
    else:
        given = sender
        _check_sender(exchange, account_sid, sender)
    refusal = magic.destination(normal).refuse
    if (sender, normal) in exchange.world.opted_out and not service:
        refusal = 21610
    if refusal:
        raise Refused(refusal)
    return Message(
        account_sid=account_sid,
        from_=sender,
        to=normal,
        body=body,
        direction="outbound-api",
        status="scheduled" if send_at else "accepted" if service else "queued",
        sid=new_sid("MM" if media_urls else "SM"),
        status_callback=form.get("StatusCallback", ""),
        messaging_service_sid=service,
        chosen_sender=sender != given,
        validity_seconds=int(form.get("ValidityPeriod") or 36_000),
        send_at=send_at,
        num_segments=segments(body),
        media=[_linked(url) for url in media_urls],
    )


def accept(exchange: Exchange, message: Message) -> None:
    """Enter an outgoing message into the world and let it travel."""
    with exchange.world.lock:
        exchange.world.messages[message.sid] = message
        facts = {"from": message.from_, "to": message.to, "body": message.body, "direction": message.direction}
        exchange.world.accept("message", message.sid, facts)
    note(exchange, message, "status", status=message.status)
    if exchange.faults.callbacks == "before_response" and not message.send_at:
        _sent(exchange, message)
        return
    wait = (message.send_at - now()).total_seconds() if message.send_at else 0.0
    exchange.later(message.sid, wait + exchange.sent_seconds, lambda: _sent(exchange, message))


def note(exchange: Exchange, message: Message, kind: str, /, **detail: object) -> None:
    """Add a line to the message's timeline."""
    age = (now() - message.created_at).total_seconds() * exchange.pace.speed
    with exchange.world.lock:
        message.timeline.append(Event(kind, age, dict(detail)))


def _check_sender(exchange: Exchange, account_sid: str, sender: str) -> None:
    number = exchange.world.numbers.get(sender)
    if sender != magic.VALID_FROM and (number is None or number.account_sid != account_sid):
        raise Refused(21606 if e164(sender) else 21212)


def _pool_sender(exchange: Exchange, account_sid: str, service: str, wanted: str) -> str:
    """Return the number of a Messaging Service that a text leaves from: the one wanted, else its first."""
    pool = [number.phone_number for number in exchange.world.pool(account_sid, service)]
    if not pool:
        raise Refused(21703)
    if wanted and wanted not in pool:
        raise Refused(21711)
    return wanted if wanted and exchange.pool_keeps_sender else pool[0]


def _schedule(form: dict[str, str], service: str | None) -> datetime | None:
    if not form.get("SendAt"):
        return None
    if not service:
        raise Refused(35118)
    try:
        send_at = datetime.fromisoformat(form["SendAt"])
        wait = send_at - now()
    except (ValueError, TypeError) as error:
        raise Refused(35114) from error
    if not SCHEDULE_MIN <= wait <= SCHEDULE_MAX:
        raise Refused(35115)
    return send_at


def _linked(url: str) -> Media:
    return Media(mimetypes.guess_type(urlsplit(url).path)[0] or "application/octet-stream", url=url)


def _is_url(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def recorder(exchange: Exchange, message: Message) -> Record:
    """Return what enters this message's webhooks into its timeline."""
    return lambda sent, answer, copy: note(exchange, message, "webhook", **describe_exchange(sent, answer, copy))


# --- the way to the customer ---


def _sent(exchange: Exchange, message: Message) -> None:
    """Hand the text to the carrier, or fail it. Then wait for the carrier."""
    if message.status == "canceled":
        return
    here = magic.destination(message.to)
    told = exchange.world.destinations.get(message.to, {})
    code = int(told["error"]) if "error" in told else here.fail
    delay = told.get("delay", here.delay_seconds)
    if (message.from_, message.to) in exchange.world.opted_out and not message.automatic:
        code = 21610
    if delay > message.validity_seconds:
        code = 30036
    if code in magic.NEVER_SENT:
        _move(exchange, message, "failed", code)
        return
    with exchange.world.lock:
        message.sent_at = now()
    _move(exchange, message, "sent")
    if here.silent or told.get("silent"):
        exchange.delivery.finish(message.sid)
        return
    final = "undelivered" if code else "delivered"
    exchange.later(message.sid, exchange.delivered_seconds + delay, lambda: _move(exchange, message, final, code))


def _move(exchange: Exchange, message: Message, status: str, code: int | None = None) -> None:
    with exchange.world.lock:
        message.status, message.updated_at = status, now()
        if code:
            message.error_code, message.error_message = code, describe(code)
    note(exchange, message, "status", status=status, error_code=code)
    _call_back(exchange, message)
    if status != "sent":
        exchange.delivery.finish(message.sid)


def _call_back(exchange: Exchange, message: Message) -> None:
    if not message.status_callback or exchange.faults.callbacks == "off":
        return
    params = [
        ("SmsSid", message.sid),
        ("SmsStatus", message.status),
        ("MessageStatus", message.status),
        ("To", message.to),
        ("MessageSid", message.sid),
        ("AccountSid", message.account_sid),
        ("From", message.from_),
        ("ApiVersion", API_VERSION),
    ]
    if message.messaging_service_sid:
        params.append(("MessagingServiceSid", message.messaging_service_sid))
    if message.error_code:
        params += [("ErrorCode", str(message.error_code)), ("ErrorMessage", message.error_message or "")]
    if message.status in {"delivered", "undelivered"}:
        params.append(("RawDlrDoneDate", now().strftime("%y%m%d%H%M")))
    request = hook("message_status", message.status_callback, params)
    token = exchange.auth_token(message.account_sid)
    record = recorder(exchange, message)
    if message.status == "sent" and exchange.faults.callbacks == "before_response":
        exchange.delivery.request(message.sid, request, token, record)
    else:
        exchange.delivery.post(message.sid, request, token, record)
