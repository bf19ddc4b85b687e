"""Contacts: find them, add one, change one, and read and write what each agreed to."""

from django.contrib.auth.models import User
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from nevermisscall.api.authentication import Scope
from nevermisscall.api.contacts.serializers import (
    ConsentSerializer,
    ContactChangeSerializer,
    ContactFilter,
    ContactSerializer,
    NewConsentSerializer,
    NewContactSerializer,
)
from nevermisscall.api.errors import Conflict
from nevermisscall.api.idempotency import idempotent
from nevermisscall.api.views import ApiView
from tenants import consenting
from tenants.models import Consent, Contact

_ID = OpenApiParameter("id", int, OpenApiParameter.PATH)


class ContactListView(ListModelMixin, ApiView):
    """The people a business knows: whoever called or texted it, and whom it added; or a new one."""

    scopes = {"GET": Scope.READ, "POST": Scope.WRITE}
    staff_permissions = {"GET": "tenants.view_contact", "POST": "tenants.add_contact"}
    serializer_class = ContactSerializer

    @extend_schema(operation_id="contacts_list", parameters=[ContactFilter])
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(operation_id="contacts_create", request=NewContactSerializer, responses={201: ContactSerializer})
    @idempotent
    def post(self, request: Request) -> Response:
        wanted = self.read_body(NewContactSerializer)
        tenant = self.business(wanted.pop("tenant", None))
        contact, created = Contact.objects.get_or_create(tenant=tenant, number=wanted.pop("number"), defaults=wanted)
        if not created:
            raise Conflict(f"the business knows this number: it is contact {contact.pk}", code="contact_exists")
        return Response(ContactSerializer(contact).data, status=201)

    def get_queryset(self) -> QuerySet[Contact]:
        wanted = self.read_query(ContactFilter)
        self.ordering = [wanted.pop("ordering")]
        return self.access.visible(Contact.objects.filter(**wanted))


class _OneView(ApiView):
    def contact(self, pk: int) -> Contact:
        """Return the contact; 404 if it is somebody else's."""
        return get_object_or_404(self.access.visible(Contact.objects.all()), pk=pk)


class ContactView(_OneView):
    """One person."""

    scopes = {"GET": Scope.READ, "PATCH": Scope.WRITE}
    staff_permissions = {"GET": "tenants.view_contact", "PATCH": "tenants.change_contact"}
    serializer_class = ContactSerializer

    @extend_schema(operation_id="contacts_retrieve", parameters=[_ID])
    def get(self, request: Request, pk: int) -> Response:
        return Response(ContactSerializer(self.contact(pk)).data)

    @extend_schema(operation_id="contacts_update", parameters=[_ID], request=ContactChangeSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        contact = self.contact(pk)
        wanted = self.read_body(ContactChangeSerializer)
        if wanted:
            Contact.objects.filter(pk=contact.pk).update(**wanted)  # nothing else: they may be opting out right now
            contact.refresh_from_db()
        return Response(ContactSerializer(contact).data)


class ConsentListView(ListModelMixin, _OneView):
    """What one person agreed to and took back, newest first: the newest line of a channel and a purpose holds."""

    scopes = {"GET": Scope.READ, "POST": Scope.WRITE}
    staff_permissions = {"GET": "tenants.view_consent", "POST": "tenants.add_consent"}
    serializer_class = ConsentSerializer

    @extend_schema(operation_id="consents_list", parameters=[_ID])
    def get(self, request: Request, pk: int) -> Response:
        return self.list(request)

    @extend_schema(
        operation_id="consents_create",
        parameters=[_ID],
        request=NewConsentSerializer,
        responses={201: ConsentSerializer},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Write a line. Taking back informational texts is opting out of everything."""
        contact, wanted = self.contact(pk), self.read_body(NewConsentSerializer)
        person = request.user if isinstance(request.user, User) else None
        line = consenting.record(
            contact,
            source=Consent.Source.ADMIN if person else Consent.Source.API,
            by=person.get_username() if person else "",
            **wanted,
        )
        return Response(ConsentSerializer(line).data, status=201)

    def get_queryset(self) -> QuerySet[Consent]:
        self.ordering = ["-id"]
        return Consent.objects.filter(contact=self.contact(self.kwargs["pk"]))
