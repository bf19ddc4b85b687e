"""Services outside, as they were last seen."""

from django.contrib import admin

from nevermisscall.lib.admin import DANGER, SUCCESS, WARNING, RecordAdmin, badge
from nevermisscall.status.models import ServiceState

State = ServiceState.State
COLOURS: dict[str, str] = {State.OK: SUCCESS, State.DEGRADED: WARNING, State.DOWN: DANGER}


@admin.register(ServiceState)
class ServiceStateAdmin(RecordAdmin[ServiceState]):
    list_display = ("name", "shown_state", "since", "failures", "failed_at", "last_error")
    search_fields = ("name",)
    search_help_text = "Such as dispatchbot_ai"
    ordering = ("name",)
    fields = (("name", "shown_state", "since"), ("failures", "failed_at"), "last_error")
    readonly_fields = ("shown_state",)

    @admin.display(description="State", ordering="state")
    def shown_state(self, row: ServiceState) -> str:
        return badge(row.get_state_display(), COLOURS.get(row.state, ""))
