"""Is this request from Twilio? Decided before anything of it is stored, logged or acted on."""

from django.conf import settings
from django.http import HttpRequest

from nevermisscall.twilio import signature
from nevermisscall.webhooks.parsing import Pairs
from tenants import routing


def is_signed(request: HttpRequest, pairs: Pairs, account_sid: str) -> bool:
    """Tell whether Twilio signed the request for `account_sid`, a field of the body and so far only a claim.

    The claim chooses the tokens; the signature then proves it, since another account's token signs differently.
    """
    account = routing.table.account(account_sid)
    if account is None:
        return False
    key_id, algorithm = signature.parse_settings_header(
        request.META.get("HTTP_X_TWILIO_WEBHOOKS_SIGNATURE_SETTINGS", "")
    )
    shared = tuple(secret for name, secret in account.shared_keys if name == key_id)
    signed_fields = pairs if request.method == "POST" else []  # a GET's fields are in its URL
    return signature.verify(
        settings.PUBLIC_BASE_URL + raw_uri(request),
        signed_fields,
        request.META.get("HTTP_X_TWILIO_SIGNATURE", ""),
        shared if key_id else account.tokens,
        algorithm=algorithm,
    )


def raw_uri(request: HttpRequest) -> str:
    """Return path and query exactly as they came; Django's own spelling of them is re-quoted."""
    return str(request.META.get("RAW_URI") or request.get_full_path())
