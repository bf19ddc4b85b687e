"""How the admin and the API's documentation look. Nothing in it comes from the environment."""

from typing import Any

_SHADES = "50 100 200 300 400 500 600 700 800 900 950"
_TEAL = "#ecfdfa #d0faf2 #a5f3e6 #6de7d6 #33d1c0 #16b5a6 #0e8f86 #10726d #125b58 #134b49 #042e2d"
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "NeverMissCall",
    "SITE_HEADER": "NeverMissCall",
    "SITE_SYMBOL": "phone_callback",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "nevermisscall.admin_navigation.favicon"}],
    "SITE_URL": None,  # there is no other page to go to
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "nevermisscall.admin_navigation.environment",
    "DASHBOARD_CALLBACK": "nevermisscall.admin_dashboard.dashboard",
    "SIDEBAR": {"show_search": True, "command_search": True, "navigation": "nevermisscall.admin_navigation.navigation"},
    "COMMAND": {"search_callback": "nevermisscall.admin_navigation.search"},
    "COLORS": {"primary": dict(zip(_SHADES.split(), _TEAL.split(), strict=True))},
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "NeverMissCall",
    "DESCRIPTION": "Calls, texts and conversations of the businesses we answer for. See docs/api.md.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,  # what comes in may be blank less often than what goes out
    "PREPROCESSING_HOOKS": ["nevermisscall.api.schema.only_ours"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "nevermisscall.api.schema.add_errors",
        "nevermisscall.api.schema.allow_blank_queries",
    ],
    "ENUM_NAME_OVERRIDES": {
        "AppointmentStatus": "conversations.booking.models.Appointment.Status",
        "BatchPurpose": "sms.bulk.api.serializers.PURPOSES",
        "BatchStatus": "sms.bulk.models.Batch.Status",
        "CallOutcome": "calls.models.Call.Outcome",
        "CallStatus": "calls.models.Status",
        "ConversationOutcome": "conversations.models.Conversation.Outcome",
        "ConversationStatus": "conversations.models.Conversation.Status",
        "MessageStatus": "sms.models.Status",
        "MessagePurpose": "sms.api.serializers.PURPOSES",
        "Purpose": "tenants.compliance.Purpose",
    },
    # From our own server: a page that shows keys loads no script from somebody else's.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
