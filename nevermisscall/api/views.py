"""The base of every endpoint of the API."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from rest_framework.exceptions import NotAcceptable, ValidationError
from rest_framework.generics import GenericAPIView, get_object_or_404
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, BrowsableAPIRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from nevermisscall.api import errors, throttling
from nevermisscall.api.authentication import Access, KeyAuthentication, Scope, StaffSessionAuthentication
from nevermisscall.api.pagination import CursorPages
from nevermisscall.api.parsing import JsonParser
from nevermisscall.api.permissions import HasScope
from tenants.models import Tenant


class JsonAnyway(DefaultContentNegotiation):
    """JSON also to those whose `Accept` leaves it out: they asked an API."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        offered = list(renderers)
        try:
            chosen: tuple[BaseRenderer, str] = super().select_renderer(request, offered, format_suffix)
        except NotAcceptable:
            return offered[0], offered[0].media_type
        return chosen


class ApiView(GenericAPIView[Any]):
    """One endpoint. A subclass declares what each of its methods needs and reaches rows by `self.access` only."""

    scopes: ClassVar[Mapping[str, Scope]]  # of a key
    staff_permissions: ClassVar[Mapping[str, str]]  # of a person: the admin's, such as `calls.view_call`
    authentication_classes = [KeyAuthentication, StaffSessionAuthentication]
    permission_classes = [HasScope]
    content_negotiation_class = JsonAnyway
    parser_classes = [JsonParser]
    renderer_classes = [JSONRenderer]
    pagination_class: type[CursorPages] | None = CursorPages

    @property
    def access(self) -> Access:
        """Return what the one who asks may see and do."""
        access = Access.of(self.request)
        assert access is not None, "HasScope lets nobody else in"
        return access

    def business(self, wanted: int | None) -> Tenant:
        """Return the business that a request names, or that the key is of; 404 if it is another one's.

        Raises `ValidationError` where all businesses are visible and none is named.
        """
        if self.access.tenant is not None and wanted in (None, self.access.tenant.pk):
            return self.access.tenant
        if self.access.tenant is None and wanted is None:
            raise ValidationError({"tenant": "is needed here: this key is not of one business"})
        visible = Tenant.objects.all() if self.access.tenant is None else Tenant.objects.none()
        return get_object_or_404(visible, pk=wanted)

    def read_query(self, serializer_class: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """Return the query string as values; raises `ValidationError`. Blank and unknown parameters are ignored."""
        given = {name: value for name, value in self.request.query_params.items() if value}
        serializer = serializer_class(data=given)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values

    def read_body(self, serializer_class: type[BaseSerializer[Any]]) -> dict[str, Any]:
        """Return the body as values; raises `ValidationError`."""
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values

    # -- how DRF is bent ----------------------------------------------------------------------------------------------

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Any]:
        return errors.handle

    def get_renderers(self) -> list[BaseRenderer]:
        """Pages for the staff's browsers. This comes before authentication, so it looks at the session itself."""
        http = self.request._request if self.request is not None else None
        user = None if http is None or "HTTP_AUTHORIZATION" in http.META else getattr(http, "user", None)
        if user is not None and user.is_active and user.is_staff:
            return [JSONRenderer(), BrowsableAPIRenderer()]
        return super().get_renderers()

    def perform_authentication(self, request: Request) -> None:
        """Find out who asks and count the request: one that is refused later has cost us something too."""
        super().perform_authentication(request)
        access = Access.of(request)
        if access is not None and access.key_id is not None:
            throttling.count(access.key_id)
