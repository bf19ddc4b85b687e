"""Texts from customers: the signed webhook, and what Twilio does by itself for STOP, START and HELP."""

import re

from nevermisscall.twilio.emulator import twiml
from nevermisscall.twilio.emulator.exchange import Exchange, hook
from nevermisscall.twilio.emulator.formats import API_VERSION, new_sid, now, segments
from nevermisscall.twilio.emulator.messaging import accept, note, recorder
from nevermisscall.twilio.emulator.twiml import TwimlError, Verb
from nevermisscall.twilio.emulator.world import Media, Message, Number

# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out: whole message, any case
STOP_WORDS = frozenset(["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"])
START_WORDS = frozenset(["START", "UNSTOP", "YES"])
HELP_WORDS = frozenset(["HELP", "INFO"])
AUTOMATIC_REPLIES = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}


def receive(exchange: Exchange, from_: str, to: str, body: str, media: list[Media]) -> Message:
    """Let a customer's text arrive at one of our numbers. Raises LookupError for a number nobody has."""
    number = exchange.world.number_for(to)
    if number is None:
        raise LookupError(f"{to} is not a number of this account")
    message = Message(
        account_sid=number.account_sid,
        from_=from_,
        to=to,
        body=body,
        direction="inbound",
        status="received",
        sid=new_sid("MM" if media else "SM"),
        num_segments=segments(body),
        media=media,
        messaging_service_sid=number.messaging_service_sid or None,
        sent_at=now(),
    )
    with exchange.world.lock:
        exchange.world.messages[message.sid] = message
        facts = {"from": from_, "to": to, "body": body, "direction": "inbound"}
        exchange.world.accept("message", message.sid, facts)
    keyword = _keyword(exchange, number, from_, body)
    if number.sms_url:
        exchange.delivery.hold(message.sid)
        exchange.in_thread(f"text {message.sid}", lambda: _deliver_inbound(exchange, number, message, keyword))
    return message


def _keyword(exchange: Exchange, number: Number, customer: str, body: str) -> str:
    """Do what Twilio does by itself for STOP, START and HELP; return which it was."""
    word = body.strip().upper()
    pair = (number.phone_number, customer)
    pool = exchange.world.pool(number.account_sid, number.messaging_service_sid) if number.messaging_service_sid else []
    pairs = {pair} | {(other.phone_number, customer) for other in pool}  # an opt-out is of the whole pool
    known = exchange.world.opted_out
    kind = "STOP" if word in STOP_WORDS else "START" if word in START_WORDS else "HELP" if word in HELP_WORDS else ""
    replies = bool(kind)
    with exchange.world.lock:
        if kind == "STOP":
            replies = pair not in known
            known |= pairs
        elif kind == "START":
            replies = pair in known
            known -= pairs
    if replies:
        _reply(exchange, number, customer, AUTOMATIC_REPLIES[kind], automatic=True)
    return kind


def _reply(exchange: Exchange, number: Number, customer: str, body: str, *, automatic: bool) -> None:
    accept(
        exchange,
        Message(
            account_sid=number.account_sid,
            from_=number.phone_number,
            to=customer,
            body=body,
            direction="outbound-reply",
            status="queued",
            sid=new_sid("SM"),
            num_segments=segments(body),
            automatic=automatic,
        ),
    )


def _deliver_inbound(exchange: Exchange, number: Number, message: Message, keyword: str) -> None:
    try:
        params = inbound_params(exchange, message)
        if keyword and exchange.advanced_opt_out:
            params.append(("OptOutType", keyword))
        for verb in _ask(exchange, number, message, params):
            if verb.name == "Message":
                body = next((child.text for child in verb.children if child.name == "Body"), verb.text)
                _reply(exchange, number, message.from_, body, automatic=False)
            else:
                note(exchange, message, "not_simulated", verb=verb.name)
    finally:
        exchange.delivery.finish(message.sid)
        exchange.delivery.release(message.sid)


def _ask(exchange: Exchange, number: Number, message: Message, params: list[tuple[str, str]]) -> tuple[Verb, ...]:
    token = exchange.auth_token(number.account_sid)
    record = recorder(exchange, message)
    url, method, name = number.sms_url, number.sms_method, "sms"
    while True:
        answer = exchange.delivery.request(message.sid, hook(name, url, params, method), token, record)
        try:
            if answer.error is None and answer.status == 204:
                return ()
            return twiml.read(answer).verbs
        except TwimlError as error:
            note(exchange, message, "error", code=error.code, message=str(error), url=url)
            if name == "fallback" or not number.sms_fallback_url:
                return ()
            params = [*params, ("ErrorCode", str(error.code)), ("ErrorUrl", re.sub("#.*", "", url))]
            url, method, name = number.sms_fallback_url, number.sms_fallback_method, "fallback"


def inbound_params(exchange: Exchange, message: Message) -> list[tuple[str, str]]:
    """Return the fields of https://www.twilio.com/docs/messaging/guides/webhook-request, blanks included."""
    known = message.from_.startswith("+1")
    params = [
        ("ToCountry", "US"),
        ("ToState", "CA"),
        ("SmsMessageSid", message.sid),
        ("NumMedia", str(len(message.media))),
        ("ToCity", ""),
        ("FromZip", "94105" if known else ""),
        ("SmsSid", message.sid),
        ("FromState", "CA" if known else ""),
        ("SmsStatus", "received"),
        ("FromCity", "SAN FRANCISCO" if known else ""),
        ("Body", message.body),
        ("FromCountry", "US" if known else ""),
        ("To", message.to),
        ("ToZip", ""),
        ("NumSegments", str(message.num_segments)),
        ("MessageSid", message.sid),
        ("AccountSid", message.account_sid),
        ("From", message.from_),
        ("ApiVersion", API_VERSION),
    ]
    if message.messaging_service_sid:
        params.append(("MessagingServiceSid", message.messaging_service_sid))
    folder = f"{exchange.base_url}/{API_VERSION}/Accounts/{message.account_sid}/Messages/{message.sid}/Media"
    for index, media in enumerate(message.media):
        params += [(f"MediaUrl{index}", f"{folder}/{media.sid}"), (f"MediaContentType{index}", media.content_type)]
    return params
