"""The OpenAPI description at `/api/schema/`, drawn from the views, and its pages at `/api/docs/`.

Both are open to everybody: a program's author reads them before there is a key, and they hold no data.
"""

from collections.abc import Callable
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from nevermisscall.api import errors
from nevermisscall.api.views import ApiView

Endpoint = tuple[str, str, str, Callable[..., Any]]

ERROR: dict[str, Any] = {
    "type": "object",
    "description": "Every answer of 400 and above.",
    "properties": {
        "error": {
            "type": "object",
            "properties": {
                "code": {"type": "string", "description": "For programs.", "example": "INVALID_REQUEST"},
                "message": {"type": "string", "description": "For people."},
                "fields": {
                    "type": "object",
                    "additionalProperties": {"type": "string"},
                    "description": "What is wrong with which field.",
                },
                "request_id": {"type": "string", "description": "Our log has it too."},
            },
            "required": ["code", "message", "request_id"],
        }
    },
    "required": ["error"],
}


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers by __init_subclass__
    target_class = "nevermisscall.api.authentication.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key of a business or of the platform."}


class StaffScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "nevermisscall.api.authentication.StaffSessionAuthentication"
    name = "staff"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid", "description": "A session of the admin."}


def only_ours(endpoints: list[Endpoint]) -> list[Endpoint]:
    """Leave out what is no endpoint of the API: webhooks are Twilio's, and docs/webhooks.md describes them."""
    return [endpoint for endpoint in endpoints if issubclass(endpoint[3].cls, ApiView)]  # type: ignore[attr-defined]


def add_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Give every operation the one shape of errors."""
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = ERROR
    answer = {
        "description": "An error",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = answer
    return result


def allow_blank_queries(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of every parameter that blank is as good as none: `ApiView.read_query` ignores it."""
    for operations in result["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query":
                    parameter["allowEmptyValue"] = True
    return result


class SchemaView(SpectacularAPIView):
    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Any]:
        return errors.handle


class DocsView(SpectacularSwaggerSplitView):
    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Any]:
        return errors.handle
