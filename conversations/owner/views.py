"""The files that an owner sends on to a customer."""

from django.http import FileResponse, Http404, HttpRequest
from django.views.decorators.http import require_safe

from conversations.owner import links


@require_safe
def media(_request: HttpRequest, token: str) -> FileResponse:
    """Hand a file to whoever has a signed link to it, as Twilio has. It is never shown as a page of ours."""
    found = links.media_of(token)
    if found is None:
        raise Http404
    try:
        file = found.file.open()
    except FileNotFoundError as error:
        raise Http404 from error
    return FileResponse(
        file,
        as_attachment=True,
        content_type=found.content_type,
        headers={"Cache-Control": "private, max-age=3600"},
    )
