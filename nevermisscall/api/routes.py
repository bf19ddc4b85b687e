"""Paths with and without a trailing slash. A redirect between them would turn a POST into a GET."""

from django.urls import URLPattern, path

from nevermisscall.api.views import ApiView


def endpoint(route: str, view: type[ApiView], name: str, *, also: tuple[str, ...] = ()) -> list[URLPattern]:
    """Return the patterns of one endpoint: `route`, which the schema shows, and every other spelling of it.

    `also` are the paths that answer besides the canonical one. All have the same name; `reverse` gives the canonical.
    """
    spellings = [spelling for known in (route, *also) for spelling in _spellings(known)]
    quiet = [path(spelling, view.as_view(schema=None), name=name) for spelling in spellings if spelling != route]
    # `reverse` takes the last of several patterns with the same name.
    return [*quiet, path(route, view.as_view(), name=name)]


def _spellings(route: str) -> tuple[str, str]:
    bare = route.removesuffix("/")
    return bare, f"{bare}/"
