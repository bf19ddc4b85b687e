"""Facts, their deliveries, and the dead letters of every queue with their replay."""

from collections.abc import Sequence
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet, Value
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from nevermisscall.lib.admin import DANGER, INFO, SUCCESS, RecordAdmin, RecordInline, ago, badge, change_url, pretty
from nevermisscall.lib.clock import DatabaseClock
from nevermisscall.outbox import queues, work
from nevermisscall.outbox.backlog import DEAD
from nevermisscall.outbox.models import Delivery, Fact, Heartbeat, Work
from nevermisscall.outbox.queues import Queue

W = TypeVar("W", bound=Work)

SHOWN = 200  # dead letters of one queue; the model's own list has them all


class WorkFilter(admin.SimpleListFilter):
    """Rows by what is left to do with them."""

    title = "pending work"
    parameter_name = "work"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, str]]:
        return [("dead", "Dead letters"), ("due", "Due now"), ("pending", "Due now or later")]

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Work]) -> QuerySet[Work] | None:
        queue = queues.of_model(queryset.model)
        if self.value() == "dead":
            return queryset.filter(DEAD)
        if queue is None or self.value() not in {"due", "pending"}:
            return queryset
        pending = queryset.exclude(DEAD).filter(**{f"{queue.due}__isnull": False})
        return pending.filter(**{f"{queue.due}__lte": DatabaseClock()}) if self.value() == "due" else pending


class WorkAdmin(RecordAdmin[W]):
    """A record that is also pending work: its dead letters can be found and replayed."""

    actions = ("replay_dead_letters",)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return may_replay(request, self.model)

    @admin.action(description="Replay dead letters", permissions=["replay"])
    def replay_dead_letters(self, request: HttpRequest, queryset: QuerySet[W]) -> None:
        queue = queues.of_model(self.model)
        assert queue is not None, f"no queue does {self.model.__name__} rows"
        count = replay(request, queue, list(queryset.filter(DEAD).values_list("pk", flat=True)))
        say_replayed(request, count)


def may_replay(request: HttpRequest, model: type[Model]) -> bool:
    """Tell whether the user may put dead letters of `model` back to work: whoever may change it, though no page can."""
    return request.user.has_perm(f"{model._meta.app_label}.change_{model._meta.model_name}")


def may_view(request: HttpRequest, model: type[Model]) -> bool:
    """Tell whether the user may look at rows of `model`."""
    name = f"{model._meta.app_label}.%s_{model._meta.model_name}"
    return request.user.has_perm(name % "view") or request.user.has_perm(name % "change")


@transaction.atomic
def replay(request: HttpRequest, queue: Queue, ids: Sequence[int]) -> int:
    """Put dead letters back to work, and into the audit log. Returns how many there were; the sweeper finds them."""
    user_id = request.user.pk
    assert user_id is not None, "the admin is for people who logged in"
    rows = list(queue.model._default_manager.select_for_update().filter(DEAD, pk__in=ids))
    work.replay(queue, [row.pk for row in rows])
    for row in rows:
        LogEntry.objects.log_actions(
            user_id,
            [row],
            CHANGE,
            change_message=f"Replayed a dead letter of {queue.name}: {row.last_error}",
            single_object=True,
        )
    return len(rows)


def say_replayed(request: HttpRequest, count: int) -> None:
    """Tell the operator what a replay did."""
    if count:
        messages.success(request, f"{count} dead letter{'s are' if count > 1 else ' is'} due again.")
    else:
        messages.warning(request, "None of these is a dead letter any more.")


def dead_letter_count(request: HttpRequest) -> int:
    """Return how many dead letters the user may see, over all queues, with one query."""
    models = [queue.model for queue in queues.every() if may_view(request, queue.model)]
    if not models:
        return 0
    first, *others = (model._default_manager.filter(DEAD).order_by().values_list(Value(1)) for model in models)
    return first.union(*others, all=True).count()


def dead_letters_view(request: HttpRequest) -> HttpResponse:
    """The dead letters of every queue; a POST replays the chosen ones."""
    seen = [queue for queue in queues.every() if may_view(request, queue.model)]
    if not seen:
        raise PermissionDenied
    if request.method == "POST":
        say_replayed(request, _replay_chosen(request))
        return HttpResponseRedirect(reverse("admin:dead_letters"))
    context = {
        **admin.site.each_context(request),
        "title": "Dead letters",
        "queues": [_dead_letters(request, queue) for queue in seen],
    }
    return TemplateResponse(request, "admin/outbox/dead_letters.html", context)


def _replay_chosen(request: HttpRequest) -> int:
    count = 0
    for queue in queues.every():
        prefix = f"{queue.name}:"
        chosen = [row.removeprefix(prefix) for row in request.POST.getlist("row") if row.startswith(prefix)]
        if not chosen:
            continue
        if not may_replay(request, queue.model):
            raise PermissionDenied
        count += replay(request, queue, [int(pk) for pk in chosen if pk.isdecimal()])
    return count


def _dead_letters(request: HttpRequest, queue: Queue) -> dict[str, Any]:
    rows = queue.model._default_manager.filter(DEAD).order_by("-dead_at")[: SHOWN + 1]
    return {
        "name": queue.name,
        "may_replay": may_replay(request, queue.model),
        "more_url": f"{reverse(_list_name(queue.model))}?work=dead" if len(rows) > SHOWN else "",
        "rows": [
            {
                "id": f"{queue.name}:{row.pk}",
                "text": str(row),
                "url": change_url(row),
                "reason": row.last_error,
                "attempts": row.attempts,
                "dead_at": row.dead_at,
                "age": ago(row.dead_at),
            }
            for row in rows[:SHOWN]
        ],
    }


def _list_name(model: type[Model]) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"


class DeliveryInline(RecordInline[Delivery, Fact]):
    model = Delivery
    fields = readonly_fields = ("subscriber", "attempts", "next_attempt_at", "dead_at", "last_error")
    verbose_name_plural = "Subscribers"
    hide_title = True
    show_change_link = True


@admin.register(Fact)
class FactAdmin(RecordAdmin[Fact]):
    list_display = ("topic", "aggregate", "sequence", "tenant_id", "occurred_at", "id")
    search_fields = ("aggregate__exact", "topic__exact")
    search_help_text = "What it is about (call:17), or a topic"
    ordering = ("-id",)  # time-ordered UUIDs
    fields = ("topic", "aggregate", "occurred_at", "envelope")
    readonly_fields = ("envelope",)
    inlines = (DeliveryInline,)

    @admin.display(description="As other systems see it")
    def envelope(self, fact: Fact) -> str:
        return pretty(fact.envelope())


@admin.register(Heartbeat)
class HeartbeatAdmin(RecordAdmin[Heartbeat]):
    list_display = ("worker", "started_at", "beat_at", "silent_for")
    search_fields = ("worker",)
    search_help_text = "Host, or host:process"
    ordering = ("-beat_at",)

    @admin.display(description="Last heard of")
    def silent_for(self, row: Heartbeat) -> str:
        return f"{ago(row.beat_at)} ago"


@admin.register(Delivery)
class DeliveryAdmin(WorkAdmin[Delivery]):
    list_display = ("fact", "subscriber", "state", "attempts", "next_attempt_at", "last_error")
    list_filter = (WorkFilter,)
    list_select_related = ("fact",)
    search_fields = ("fact__aggregate__exact", "subscriber__exact")
    search_help_text = "What the fact is about (call:17), or a subscriber"
    ordering = ("-id",)
    fields = ("fact", "subscriber", "state", "attempts", "next_attempt_at", "lease_until", "dead_at", "last_error")
    readonly_fields = ("state", "lease_until")

    @admin.display(description="State")
    def state(self, delivery: Delivery) -> str:
        if delivery.dead_at is not None:
            return badge("Dead letter", DANGER)
        return badge("Delivered", SUCCESS) if delivery.next_attempt_at is None else badge("Pending", INFO)

    def get_urls(self) -> list[URLPattern]:
        page = path("dead-letters/", self.admin_site.admin_view(dead_letters_view), name="dead_letters")
        return [page, *super().get_urls()]


@admin.register(LogEntry)
class LogEntryAdmin(RecordAdmin[LogEntry]):
    """The audit log: who changed what in the admin."""

    list_display = ("action_time", "user", "what", "content_type", "change")
    list_filter = ("action_flag", "content_type")
    list_select_related = ("user", "content_type")
    search_fields = ("object_repr", "change_message", "=user__username")
    ordering = ("-action_time", "-pk")
    fields = ("action_time", "user", "content_type", "what", "change")
    readonly_fields = ("what", "change")

    @admin.display(description="Object")
    def what(self, entry: LogEntry) -> str:
        url = None if entry.is_deletion() else entry.get_admin_url()
        return (
            format_html('<a class="text-link" href="{}">{}</a>', url, entry.object_repr) if url else entry.object_repr
        )

    @admin.display(description="Change")
    def change(self, entry: LogEntry) -> str:
        return f"{entry.get_action_flag_display()}. {entry.get_change_message()}".strip()
