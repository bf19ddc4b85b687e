"""Twilio's Calls resource, the part that rings phones. Only the sender of a kind of call may import this."""

from nevermisscall.twilio.client import Credentials, call_twilio, client


def create(
    credentials: Credentials, *, from_number: str, to_number: str, url: str, status_callback: str, ring_seconds: int
) -> str:
    """Let Twilio call somebody and return the CallSid; `url` says what they hear, `status_callback` learns how it goes.

    There is no idempotency key: after `AmbiguousTwilioError` look before calling again.
    """
    call = call_twilio(
        lambda: client(credentials).calls.create(
            from_=from_number,
            to=to_number,
            url=url,
            method="POST",
            status_callback=status_callback,
            status_callback_method="POST",
            status_callback_event=["initiated", "ringing", "answered", "completed"],
            timeout=ring_seconds,
        )
    )
    return call.sid or ""


def cancel(credentials: Credentials, call_sid: str) -> None:
    """Stop a call that rings. One that was picked up goes on: `PermanentTwilioError`, as for one that is over."""
    call_twilio(lambda: client(credentials).calls(call_sid).update(status="canceled"))
