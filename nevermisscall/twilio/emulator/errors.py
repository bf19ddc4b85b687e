"""What the REST API refuses, with Twilio's codes: https://www.twilio.com/docs/api/errors"""

# code -> (HTTP status, message). Twilio's wording varies over time and is not a contract; the code is.
_REFUSALS: dict[int, tuple[int, str]] = {
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url parameter is required."),
    21210: (400, "The source phone number provided is not yet verified for your account."),
    21211: (400, "The 'To' number is not a valid phone number."),
    21212: (400, "The 'From' number is not a valid phone number."),
    21213: (400, "'From' phone number is required."),
    21214: (400, "The 'To' number cannot be reached."),
    21215: (
        400,
        "Account not authorized to call this number. Perhaps you need to enable some international permissions.",
    ),
    21216: (400, "Account not allowed to call this number."),
    21217: (400, "Phone number does not appear to be valid."),
    21218: (400, "Invalid ApplicationSid or request for this call."),
    21220: (400, "Call is not in-progress. Cannot redirect."),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number."),
    21421: (400, "PhoneNumber is not a valid phone number."),
    21422: (400, "The phone number is not available."),
    21452: (400, "No phone numbers found in the area code."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number is not a valid, message-capable Twilio phone number for this destination."),
    21608: (400, "The 'To' number is unverified. Trial accounts cannot send messages to unverified numbers."),
    21609: (400, "The 'StatusCallback' URL is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
    21612: (400, "The 'To' phone number is not currently reachable via SMS from this 'From' number."),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21620: (400, "Invalid media URL(s)"),
    21623: (400, "Number of media files exceeds allowed limit."),
    21703: (400, "The Messaging Service does not have a phone number available to send a message."),
    21711: (400, "Phone Number, Shortcode, or AlphaSender is not associated to the specified Messaging Service."),
    30001: (400, "Queue overflow"),
    30002: (400, "Account suspended"),
    30003: (400, "Unreachable destination handset"),
    30004: (400, "Message blocked"),
    30005: (400, "Unknown destination handset"),
    30006: (400, "Landline or unreachable carrier"),
    30007: (400, "Message filtered"),
    30008: (400, "Unknown error"),
    30034: (400, "US A2P 10DLC - Message from an Unregistered Number"),
    30036: (400, "Validity Period Expired"),
    35114: (400, "SendAt timestamp must be in ISO-8601 format and in the future."),
    35115: (400, "SendAt is too close or too far; it must be between 300 seconds and 35 days from now."),
    35118: (400, "MessagingServiceSid is required to schedule a message."),
}


def describe(code: int) -> str:
    """Return Twilio's sentence for `code`."""
    return _REFUSALS[code][1] if code in _REFUSALS else f"Twilio error {code}"


class Refused(Exception):
    """The request is answered with an error body; nothing was done."""

    def __init__(self, code: int, message: str = "", *, status: int = 0) -> None:
        super().__init__(message or describe(code))
        self.code = code
        self.status = status or (_REFUSALS[code][0] if code in _REFUSALS else 400)

    def as_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "message": str(self),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
