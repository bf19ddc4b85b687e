"""Files that came with a message, fetched from Twilio: with credentials to its API, without them wherever it points.

The URL is built from SIDs, never taken from a webhook. https://www.twilio.com/docs/messaging/api/media-resource
"""

from collections.abc import Iterator
from time import monotonic
from typing import IO
from urllib.parse import unquote, urljoin, urlsplit

import requests
from django.conf import settings
from requests.auth import HTTPBasicAuth
from urllib3.exceptions import HTTPError

from nevermisscall.twilio.client import CONNECT_TIMEOUT_SECONDS, Adapter, Credentials, ended_after
from nevermisscall.twilio.errors import PermanentTwilioError, TransientTwilioError

MAX_BYTES = 5 * 1024 * 1024
MAX_REDIRECTS = 3
READ_TIMEOUT_SECONDS = 5.0  # for each piece
TOTAL_SECONDS = 30.0  # redirects included
CHUNK_BYTES = 64 * 1024

# Where Twilio's API sends those who ask for a file. `None`: any path; else the path has to begin so.
FILE_HOSTS: dict[str, str | None] = {
    "media.twiliocdn.com": None,
    "mms.twiliocdn.com": None,
    "s3-external-1.amazonaws.com": "/media.twiliocdn.com/",
}
TYPES = frozenset(
    f"{kind}/{name}"
    for kind, names in {
        "image": ("jpeg", "png", "gif", "webp", "heic", "heif", "bmp", "tiff"),
        "audio": ("mpeg", "mp4", "ogg", "amr", "3gpp", "3gpp2", "aac", "wav", "x-wav", "webm"),
        "video": ("mp4", "mpeg", "3gpp", "3gpp2", "quicktime", "webm", "h264"),
        "application": ("pdf",),
        "text": ("vcard", "x-vcard", "calendar"),
    }.items()
    for name in names
)


class MediaRefused(PermanentTwilioError):
    """The file is none that we keep: too large, of another type, or not at Twilio. Asking again changes nothing."""


def download(credentials: Credentials, *, parent_sid: str, media_sid: str, into: IO[bytes]) -> str:
    """Write one file to `into` and return its content type.

    Raises `MediaRefused`, or `TransientTwilioError` where another attempt may succeed: a file that is not there may be
    there in a moment, and credentials get mended.
    """
    url = (
        f"{settings.TWILIO_API_BASE_URL}/2010-04-01/Accounts/{credentials.account_sid}"
        f"/Messages/{parent_sid}/Media/{media_sid}"
    )
    deadline = monotonic() + TOTAL_SECONDS
    try:
        with ended_after(TOTAL_SECONDS), _session() as session, _follow(session, url, credentials) as response:
            _in_time(deadline)  # before the headers are believed: they may end in the middle
            content_type = _check(response)
            for chunk in _chunks(response, deadline):
                into.write(chunk)
            return content_type
    except (requests.RequestException, HTTPError, OSError) as error:
        if isinstance(error, TransientTwilioError):
            raise
        _in_time(deadline)
        raise TransientTwilioError(f"the file did not come through: {type(error).__name__}") from error
    except ValueError as error:
        _in_time(deadline)
        raise MediaRefused("Twilio points to what is no address") from error


def _session() -> requests.Session:
    session = requests.Session()
    for scheme in ("http://", "https://"):
        session.mount(scheme, Adapter())
    return session


def _follow(session: requests.Session, url: str, credentials: Credentials) -> requests.Response:
    auth: HTTPBasicAuth | _NoAuth = HTTPBasicAuth(credentials.account_sid, credentials.auth_token)
    for _ in range(MAX_REDIRECTS + 1):
        response = session.get(
            url,
            auth=auth,
            # Unpacked by us, a small file could become a huge one.
            headers={"Accept-Encoding": "identity"},
            timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
            allow_redirects=False,
            stream=True,
        )
        if not response.is_redirect:
            return response
        response.close()
        url = urljoin(url, response.headers["Location"])
        if not _is_twilio(url):
            raise MediaRefused("Twilio points to a host that is not its own")
        auth = _NoAuth()
    raise MediaRefused(f"more than {MAX_REDIRECTS} redirects")


class _NoAuth(requests.auth.AuthBase):
    """No credentials. Without any `auth`, requests would look for some in a .netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _is_twilio(url: str) -> bool:
    parts, api = urlsplit(url), urlsplit(settings.TWILIO_API_BASE_URL)
    if (parts.scheme, parts.netloc) == (api.scheme, api.netloc):
        return True
    if parts.scheme != "https" or parts.netloc not in FILE_HOSTS:
        return False
    if ".." in unquote(parts.path).split("/"):
        return False  # the client would take it out, and ask for what is not below the path it began with
    return parts.path.startswith(FILE_HOSTS[parts.netloc] or "")


def _check(response: requests.Response) -> str:
    if response.status_code in {401, 403}:
        raise TransientTwilioError("Twilio refused the credentials", status=response.status_code)
    if response.status_code != 200:
        raise TransientTwilioError("Twilio does not hand out the file", status=response.status_code)
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type not in TYPES:
        raise MediaRefused(f"{content_type[:60] or 'an unnamed type'} is not a type we keep")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise MediaRefused("it is packed, which was not asked for")
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > MAX_BYTES:
        raise MediaRefused(f"{length[:20]} bytes are more than {MAX_BYTES}")
    return content_type


def _chunks(response: requests.Response, deadline: float) -> Iterator[bytes]:
    total = 0
    # read1() returns what has come; read() would wait for a whole chunk, however slowly it drips.
    while chunk := response.raw.read1(CHUNK_BYTES):
        total += len(chunk)
        if total > MAX_BYTES:
            raise MediaRefused(f"more than {MAX_BYTES} bytes")
        _in_time(deadline)
        yield chunk
    _in_time(deadline)
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and total != int(length):
        raise TransientTwilioError("the file broke off")


def _in_time(deadline: float) -> None:
    if monotonic() > deadline:
        raise TransientTwilioError(f"the file took longer than {TOTAL_SECONDS:g} s")
