"""Every endpoint of the API, found in the URL map."""

import re
from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

from nevermisscall.api.views import ApiView


def patterns(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield each URL pattern of the product with its whole route."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern, route)
        else:
            yield route, pattern


def view_of(pattern: URLPattern) -> type:
    return getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)


def operations() -> set[tuple[str, str]]:
    """Return each method, in capitals, and path that the description has to have; an alias of a path is not in it."""
    ours = set(endpoints().values())
    return {
        (method, "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route).replace("{pk}", "{id}"))
        for route, pattern in patterns()
        if (view := view_of(pattern)) in ours and "schema" not in pattern.callback.view_initkwargs
        for method in view.scopes
    }


def endpoints() -> dict[str, type[ApiView]]:
    """Return the view of each named endpoint."""
    found = [(pattern.name, view_of(pattern)) for _, pattern in patterns()]
    return {name: view for name, view in found if view is not None and issubclass(view, ApiView)}
