"""What all REST resources share: who may ask, how a list is paged and filtered, how an error looks.

https://www.twilio.com/docs/usage/twilios-response
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hmac import compare_digest
from typing import Any, Protocol, TypeVar
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request, Response

from nevermisscall.twilio.emulator.errors import Refused
from nevermisscall.twilio.emulator.exchange import Exchange
from nevermisscall.twilio.emulator.formats import API_VERSION, rfc2822
from nevermisscall.twilio.emulator.world import Account

DEFAULT_PAGE, MAX_PAGE = 50, 1_000


class HasSid(Protocol):
    sid: str


@dataclass(frozen=True)
class ApiRequest:
    """One authenticated request. `values` are the parts of the path: `account_sid`, `sid`…"""

    exchange: Exchange
    account: Account
    args: MultiDict[str, str]
    form: MultiDict[str, str]
    path: str
    values: dict[str, str]

    @property
    def sid(self) -> str:
        return self.values["sid"]


T = TypeVar("T", bound=HasSid)
Handler = Callable[[ApiRequest], Response]


def authenticate(exchange: Exchange, request: Request, account_sid: str) -> Account:
    """Return the account whose credentials these are; raises Refused 20003, or 20404 for somebody else's account."""
    given = request.authorization
    account = exchange.world.accounts.get(given.username or "") if given else None
    tokens = filter(None, (account.auth_token, account.secondary_token)) if account else ()
    if not given or not account or not any(compare_digest(token, given.password or "") for token in tokens):
        raise Refused(20003)
    if account.sid != account_sid:
        raise not_found(request.path)
    return account


def not_found(path: str) -> Refused:
    return Refused(20404, f"The requested resource {path} was not found")


def answer(body: Any, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


def refuse(refused: Refused) -> Response:
    response = answer(refused.as_json(), refused.status)
    if refused.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return response


def deleted() -> Response:
    return Response(status=204)


def folder(account_sid: str) -> str:
    return f"/{API_VERSION}/Accounts/{account_sid}"


def listing(api: ApiRequest, key: str, newest_first: Sequence[T], show: Callable[[T], Any]) -> Response:
    """Answer one page. `PageToken` names the last record of the page before, so that new records shift nothing."""
    size = min(max(int_arg(api, "PageSize", DEFAULT_PAGE), 1), MAX_PAGE)
    page = int_arg(api, "Page", 0)
    token = api.args.get("PageToken", "")
    start = page * size
    if token:
        start = next((i for i, record in enumerate(newest_first) if record.sid == token[2:]), len(newest_first))
        start = start + 1 if token.startswith("PA") else max(start - size, 0)
    shown = newest_first[start : start + size]

    def uri(number: int, page_token: str = "") -> str:
        query = [(name, value) for name, value in api.args.items(multi=True) if not name.startswith("Page")]
        query += [("PageSize", str(size)), ("Page", str(number))]
        return f"{api.path}?{urlencode(query + ([('PageToken', page_token)] if page_token else []))}"

    more = start + size < len(newest_first)
    return answer(
        {
            key: [show(record) for record in shown],
            "page": page,
            "page_size": size,
            "start": start,
            "end": start + max(len(shown) - 1, 0),
            "uri": uri(page, token),
            "first_page_uri": uri(0),
            "next_page_uri": uri(page + 1, f"PA{shown[-1].sid}") if more else None,
            "previous_page_uri": uri(page - 1, f"PB{shown[0].sid}") if page > 0 and shown else None,
        }
    )


def int_arg(api: ApiRequest, name: str, default: int) -> int:
    value = api.args.get(name, "")
    return int(value) if value.isdecimal() else default


def within(api: ApiRequest, name: str, moment: datetime | None) -> bool:
    """Apply `Name` (that UTC day), `Name<` and `Name>` (inclusive; a date is the whole day, or an ISO 8601 moment)."""
    for suffix in ("", "<", ">"):
        if not (wanted := api.args.get(name + suffix, "")):
            continue
        if moment is None:
            return False
        first, last = _bounds(wanted if suffix else wanted[:10])
        if (suffix in {"", ">"} and moment < first) or (suffix in {"", "<"} and moment > last):
            return False
    return True


def _bounds(wanted: str) -> tuple[datetime, datetime]:
    try:
        if len(wanted) == 10:
            day = date.fromisoformat(wanted)
            return datetime.combine(day, time.min, UTC), datetime.combine(day, time.max, UTC)
        moment = datetime.fromisoformat(wanted)
    except ValueError as error:
        raise Refused(20001, f"{wanted} is not a date", status=400) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment, moment


def show_account(api: ApiRequest) -> Response:
    """Answer `/Accounts/{sid}.json`, which clients fetch to see whether their credentials work."""
    return answer(
        {
            "auth_token": api.account.auth_token,
            "date_created": rfc2822(api.account.created_at),
            "date_updated": rfc2822(api.account.created_at),
            "friendly_name": api.account.friendly_name,
            "owner_account_sid": api.account.sid,
            "sid": api.account.sid,
            "status": "active",
            "subresource_uris": {},
            "type": "Full",
            "uri": f"{folder(api.account.sid)}.json",
        }
    )
