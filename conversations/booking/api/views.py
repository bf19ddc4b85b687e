"""Visits: see them, decide on them; which times are free, and which are not to be."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from conversations.booking import availability, services
from conversations.booking.api.serializers import (
    AppointmentFilter,
    AppointmentSerializer,
    BusyTimeFilter,
    BusyTimeSerializer,
    NewBusyTimeSerializer,
    ReasonSerializer,
    SlotsFilter,
    SlotsSerializer,
)
from conversations.booking.models import Appointment, BusyTime, Resource
from nevermisscall.api.authentication import Access, Scope
from nevermisscall.api.idempotency import idempotent
from nevermisscall.api.views import ApiView
from nevermisscall.lib.clock import utcnow

_ID = OpenApiParameter("id", int, OpenApiParameter.PATH)
_WHOLE = ("tenant", "resource", "contact")


class AppointmentListView(ListModelMixin, ApiView):
    """Visits, earliest first."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "booking.view_appointment"}
    serializer_class = AppointmentSerializer

    @extend_schema(operation_id="appointments_list", parameters=[AppointmentFilter])
    def get(self, request: Request) -> Response:
        return self.list(request)

    def get_queryset(self) -> QuerySet[Appointment]:
        wanted = self.read_query(AppointmentFilter)
        self.ordering = ["-starts_at", "-id"] if wanted.pop("ordering") == "-starts_at" else ["starts_at", "id"]
        return self.access.visible(Appointment.objects.matching(**wanted).select_related(*_WHOLE))


class AppointmentView(ApiView):
    """One visit."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "booking.view_appointment"}
    serializer_class = AppointmentSerializer

    @extend_schema(operation_id="appointments_retrieve", parameters=[_ID])
    def get(self, request: Request, pk: int) -> Response:
        return Response(AppointmentSerializer(self.appointment(pk)).data)

    def appointment(self, pk: int) -> Appointment:
        """Return the visit; 404 if it is somebody else's."""
        return get_object_or_404(self.access.visible(Appointment.objects.select_related(*_WHOLE)), pk=pk)


class _DecisionView(AppointmentView):
    scopes = {"POST": Scope.WRITE}
    staff_permissions = {"POST": "booking.change_appointment"}
    http_method_names = ["post", "options"]

    def decide(self, appointment: Appointment, **by: Any) -> Appointment:
        raise NotImplementedError

    def post(self, request: Request, pk: int) -> Response:
        user = request.user if isinstance(request.user, AbstractBaseUser) else None
        decided = self.decide(self.appointment(pk), how=Appointment.How.API, user=user)
        return Response(AppointmentSerializer(decided).data)


@extend_schema_view(post=extend_schema(operation_id="appointments_confirm", parameters=[_ID], request=None))
class ConfirmView(_DecisionView):
    """Confirm a visit: the business comes, and the customer is told. A repeat changes nothing."""

    def decide(self, appointment: Appointment, **by: Any) -> Appointment:
        return services.confirm(appointment=appointment, **by)


@extend_schema_view(post=extend_schema(operation_id="appointments_decline", parameters=[_ID], request=ReasonSerializer))
class DeclineView(_DecisionView):
    """Decline a visit: the customer is told and asked for another time. A repeat changes nothing."""

    def decide(self, appointment: Appointment, **by: Any) -> Appointment:
        return services.decline(appointment=appointment, **by, **self.read_body(ReasonSerializer))


@extend_schema_view(post=extend_schema(operation_id="appointments_cancel", parameters=[_ID], request=ReasonSerializer))
class CancelView(_DecisionView):
    """Call a visit off, and tell the customer. A repeat changes nothing."""

    def decide(self, appointment: Appointment, **by: Any) -> Appointment:
        return services.cancel(appointment=appointment, **by, **self.read_body(ReasonSerializer))


class SlotsView(ApiView):
    """The times that a customer can have now, in order. They may overlap each other; none is kept by asking."""

    scopes = {"GET": Scope.READ}
    staff_permissions = {"GET": "booking.view_appointment"}
    serializer_class = SlotsSerializer

    @extend_schema(operation_id="slots_list", parameters=[SlotsFilter], responses=SlotsSerializer)
    def get(self, request: Request) -> Response:
        wanted = self.read_query(SlotsFilter)
        tenant = self.business(wanted.pop("tenant", None))
        found = services.free_slots(tenant=tenant, now=utcnow(), **wanted)
        return Response(SlotsSerializer({"timezone": tenant.timezone, "results": found}).data)


class BusyTimeListView(ListModelMixin, ApiView):
    """Times at which no visits are offered, earliest first; or a new one. Visits that are booked then stay."""

    scopes = {"GET": Scope.READ, "POST": Scope.WRITE}
    staff_permissions = {"GET": "booking.view_busytime", "POST": "booking.add_busytime"}
    serializer_class = BusyTimeSerializer
    ordering = ("starts_at", "id")

    @extend_schema(operation_id="busy_times_list", parameters=[BusyTimeFilter])
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(operation_id="busy_times_create", request=NewBusyTimeSerializer, responses={201: BusyTimeSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        wanted = self.read_body(NewBusyTimeSerializer)
        resource = _resource(self.access, wanted.pop("resource", None))
        busy_time = BusyTime.objects.create(tenant_id=resource.tenant_id, resource=resource, **wanted)
        return Response(BusyTimeSerializer(busy_time).data, status=201)

    def get_queryset(self) -> QuerySet[BusyTime]:
        wanted = self.read_query(BusyTimeFilter)
        return self.access.visible(BusyTime.objects.filter(**wanted).select_related("resource"))


class BusyTimeView(ApiView):
    """One busy time."""

    scopes = {"GET": Scope.READ, "DELETE": Scope.WRITE}
    staff_permissions = {"GET": "booking.view_busytime", "DELETE": "booking.delete_busytime"}
    serializer_class = BusyTimeSerializer

    @extend_schema(operation_id="busy_times_retrieve", parameters=[_ID])
    def get(self, request: Request, pk: int) -> Response:
        return Response(BusyTimeSerializer(self.busy_time(pk)).data)

    @extend_schema(operation_id="busy_times_destroy", parameters=[_ID], responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        self.busy_time(pk).delete()
        return Response(status=204)

    def busy_time(self, pk: int) -> BusyTime:
        """Return the busy time; 404 if it is somebody else's."""
        return get_object_or_404(self.access.visible(BusyTime.objects.select_related("resource")), pk=pk)


def _resource(access: Access, wanted: int | None) -> Resource:
    """Return whoever is busy: the one wanted, or a business's only one. Raises `ValidationError`."""
    if wanted is not None:
        found = access.visible(Resource.objects.all()).filter(pk=wanted).first()
        if found is None:
            raise ValidationError({"resource": "is none of this business"})
        return found
    if access.tenant is None:
        raise ValidationError({"resource": "is needed here: this key is not of one business"})
    active = availability.active_resources(access.tenant)
    if len(active) != 1:
        raise ValidationError({"resource": f"is needed here: the business has {len(active)} that make visits"})
    return active[0]
