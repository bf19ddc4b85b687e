"""What can go wrong with a request to Twilio, sorted by what to do about it.

Codes: https://www.twilio.com/docs/api/errors. A code that is not in the table counts as permanent and is logged.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a refusal means for the message, the person or us."""

    PERMANENT = "permanent"  # this text to this number will never work
    TRANSIENT = "transient"  # not processed; the same request may work later
    CONFIGURATION = "configuration"  # our numbers or account need attention
    LANDLINE = "landline"  # the number cannot receive texts
    OPTED_OUT = "opted_out"  # the person said stop
    CREDENTIALS = "credentials"  # the account refuses us altogether


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One of Twilio's error codes."""

    code: int
    meaning: str
    kind: Kind

    @property
    def link(self) -> str:
        """Twilio's page about the code."""
        return f"https://www.twilio.com/docs/api/errors/{self.code}"


_P, _T, _C = Kind.PERMANENT, Kind.TRANSIENT, Kind.CONFIGURATION

ERROR_CODES: dict[int, ErrorCode] = {
    row.code: row
    for row in (
        ErrorCode(14107, "too many replies between two numbers within 30 s", _P),
        ErrorCode(20003, "authentication failed", Kind.CREDENTIALS),
        ErrorCode(20404, "not found", _P),
        ErrorCode(20429, "too many requests; this one was not processed", _T),
        ErrorCode(21211, "To is not a valid number", _P),
        ErrorCode(21210, "From is not a number of this account, nor verified", _C),
        ErrorCode(21212, "From is not a valid number", _C),
        ErrorCode(21214, "To cannot be called", _P),
        ErrorCode(21215, "calling that country is not enabled", _C),
        ErrorCode(21216, "calling To is not allowed", _P),
        ErrorCode(21217, "To is not a valid number", _P),
        ErrorCode(21220, "the call has already ended", _P),
        ErrorCode(21408, "texting that country is not enabled", _C),
        ErrorCode(21601, "From cannot send texts", _C),
        ErrorCode(21602, "neither text nor media", _P),
        ErrorCode(21606, "From is not a number of this account that can text To", _C),
        ErrorCode(21608, "trial account: To is not verified", _C),
        ErrorCode(21609, "StatusCallback is not a valid URL", _C),
        ErrorCode(21610, "the person replied STOP", Kind.OPTED_OUT),
        ErrorCode(21611, "the number's queue is full", _T),
        ErrorCode(21612, "To cannot be reached from this number", _P),
        ErrorCode(21614, "To is not a mobile number", Kind.LANDLINE),
        ErrorCode(21617, "longer than 1600 characters", _P),
        ErrorCode(21620, "a media URL is not valid", _P),
        ErrorCode(21701, "the Messaging Service does not exist", _C),
        ErrorCode(21703, "the Messaging Service has no sender", _C),
        ErrorCode(21704, "the Messaging Service has no numbers", _C),
        ErrorCode(21705, "the Messaging Service is not valid", _C),
        ErrorCode(21711, "From is not in the Messaging Service", _C),
        ErrorCode(30001, "queue overflow", _T),
        ErrorCode(30002, "account suspended", _C),
        ErrorCode(30003, "the phone is off or out of reach", _P),
        ErrorCode(30004, "blocked by the recipient or the carrier", _P),
        ErrorCode(30005, "no such phone", _P),
        ErrorCode(30006, "landline or unreachable carrier", Kind.LANDLINE),
        ErrorCode(30007, "filtered by the carrier as spam", _C),
        ErrorCode(30008, "unknown delivery error", _P),
        ErrorCode(30022, "campaign rate exceeded", _T),
        ErrorCode(30023, "daily cap of the campaign reached", _C),
        ErrorCode(30027, "daily cap of the carrier reached", _C),
        ErrorCode(30032, "toll-free number is not verified", _C),
        ErrorCode(30034, "number is not registered for A2P 10DLC", _C),
        ErrorCode(30035, "number's A2P 10DLC registration is pending", _C),
        ErrorCode(30036, "expired before delivery", _P),
        ErrorCode(30410, "the provider did not answer in time", _P),
        ErrorCode(30450, "blocked by SMS pumping protection", _P),
        ErrorCode(63038, "daily limit of the account reached", _C),
    )
}


class TwilioError(Exception):
    """A request to Twilio did not succeed. `status` is HTTP's, `code` Twilio's, each 0 where there was none."""

    def __init__(self, message: str, *, status: int = 0, code: int = 0) -> None:
        # Twilio's own message may hold phone numbers, so it goes into no log and no row.
        super().__init__(f"{message} (HTTP {status}, code {code})" if status else message)
        self.status = status
        self.code = code

    @property
    def kind(self) -> Kind:
        """What the code means; an unknown one is permanent."""
        known = ERROR_CODES.get(self.code)
        return known.kind if known else Kind.PERMANENT


class PermanentTwilioError(TwilioError):
    """Twilio refused and will refuse again: record it, tell somebody."""


class TransientTwilioError(TwilioError, ConnectionError):
    """Twilio certainly did not act on the request: try again later."""


class AmbiguousTwilioError(TwilioError, TimeoutError):
    """Nobody knows whether Twilio acted: look before trying again."""


class CredentialsError(PermanentTwilioError, PermissionError):
    """Twilio refuses the account's credentials: nothing will work until they are mended."""
