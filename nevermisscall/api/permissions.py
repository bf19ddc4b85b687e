"""What the one who asks may do. A view says what each of its methods needs; what it does not say is refused."""

from typing import Any

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from nevermisscall.api.authentication import WHO_ARE_YOU, Access, Scope
from tenants.models import Tenant


class HasScope(BasePermission):
    """A key has the scope, a person the admin's permission, and a business that is suspended or closed only reads."""

    def has_permission(self, request: Request, view: Any) -> bool:
        access = Access.of(request)
        if access is None:
            raise NotAuthenticated(WHO_ARE_YOU)
        method = "GET" if request.method == "HEAD" else request.method or ""
        if method == "OPTIONS" or method not in view.allowed_methods:
            return True  # what OPTIONS tells is in /api/schema/ too; the rest is a 405
        if access.key_id is None:
            return bool(request.user.has_perm(view.staff_permissions.get(method, "")))
        needed = view.scopes.get(method)
        if needed not in access.scopes:
            raise PermissionDenied(f"this needs the scope `{needed}`", code="insufficient_scope")
        if needed != Scope.READ and access.tenant is not None and access.tenant.status != Tenant.Status.ACTIVE:
            raise PermissionDenied("the business is suspended or closed: it can only read", code="tenant_not_active")
        return True
