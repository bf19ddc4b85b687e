"""The base of the admin's pages: read-only records, search by SID and phone number, links and labels."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django.contrib.admin import ShowFacets
from django.core.paginator import Paginator
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.utils import parse_date_str

from nevermisscall.lib import phones
from nevermisscall.lib.clock import utcnow

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _ModelAdmin
    from django.contrib.admin import TabularInline as _TabularInline
    from django.forms import ModelForm as _Form
else:
    # unfold has no types, so Django's stand in for them. None of these can be subscripted when it runs.
    from django.forms import ModelForm
    from unfold.admin import ModelAdmin, TabularInline

    class _Subscriptable:
        def __class_getitem__(cls, _model):
            return cls

    class _ModelAdmin(_Subscriptable, ModelAdmin):
        pass

    class _TabularInline(_Subscriptable, TabularInline):
        pass

    class _Form(_Subscriptable, ModelForm):
        pass


M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)

NONE = "—"
SUCCESS, WARNING, DANGER, INFO = "success", "warning", "danger", "info"
MOST_COUNTED = 10_000

_SID = re.compile(r"[A-Za-z]{2}[0-9a-fA-F]{4,32}")
_NUMBER = re.compile(r"[\d\s()+./-]*\d[\d\s()+./-]*")


class Form(_Form[M]):
    """A form of a model."""


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of a large table: counts no further than ten thousand rows, since `count(*)` reads the whole table."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows[:MOST_COUNTED].count()


class DayRangeFilter(RangeDateFilter):  # type: ignore[misc]
    """From one day to another, both included, in UTC. unfold's own leaves out the last day and compares naive times."""

    def queryset(self, _request: HttpRequest, queryset: QuerySet[M]) -> QuerySet[M]:
        name = self.parameter_name
        first, last = (parse_date_str(self.used_parameters.get(f"{name}_{end}") or "") for end in ("from", "to"))
        if first:
            queryset = queryset.filter(**{f"{name}__gte": datetime.combine(first, time(), UTC)})
        if last:
            queryset = queryset.filter(**{f"{name}__lt": datetime.combine(last + timedelta(days=1), time(), UTC)})
        return queryset


class Admin(_ModelAdmin[M]):
    """A model's pages. `sid_fields` and `number_fields` are what a search that looks like one of these compares."""

    sid_fields: ClassVar[Sequence[str]] = ()
    number_fields: ClassVar[Sequence[str]] = ()
    list_filter_submit = True
    list_per_page = 50

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        term = search_term.strip()
        if self.sid_fields and _SID.fullmatch(term):
            return queryset.filter(self.find_sid(term[:2].upper() + term[2:].lower())), False
        digits = number_digits(term)
        if self.number_fields and digits:
            joins = any("__" in field for field in self.number_fields)
            return queryset.filter(any_of(self.number_fields, "contains", digits)), joins
        return super().get_search_results(request, queryset, search_term)

    def find_sid(self, sid: str) -> Q:
        """Return the condition for a SID or the start of one."""
        return any_of(self.sid_fields, "startswith", sid)


class RecordAdmin(Admin[M]):
    """History: looked at, never changed."""

    compressed_fields = False  # labels above values, so that three SIDs fit beside each other
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER  # they count the table once for each choice of each filter

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False


class Inline(_TabularInline[M, P]):
    """Rows of another table on its parent's page."""

    extra = 0


class RecordInline(Inline[M, P]):
    """History on its parent's page."""

    can_delete = False

    def has_add_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        return False


def any_of(fields: Sequence[str], lookup: str, value: str) -> Q:
    """Return the condition that one of `fields` matches."""
    condition = Q()
    for field in fields:
        condition |= Q(**{f"{field}__{lookup}": value})
    return condition


def number_digits(text: str) -> str:
    """Return the digits of what looks like a phone number or a part of one, as E.164 has them; blank for other text.

    Leading zeros go: they are a trunk or an international prefix, which E.164 does not have.
    """
    if not _NUMBER.fullmatch(text):
        return ""
    digits = re.sub(r"\D", "", text).lstrip("0")
    return digits if len(digits) >= 3 else ""


def shown_number(number: str) -> str:
    """Return a caller or a number of ours as people read it; whatever is no phone number comes back as it is."""
    if phones.classify(number) == phones.CallerKind.WITHHELD:
        return "withheld"
    return phones.national(number) if number.startswith("+1") else number


def change_url(model: type[Model] | Model, pk: Any = None) -> str:
    """Return the address of an object's page."""
    meta = model._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[pk or cast(Model, model).pk])


def list_url(model: type[Model]) -> str:
    """Return the address of a model's list."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def link(obj: Model | None, text: str = "") -> str:
    """Return a link to an object's page, or a dash without one."""
    if obj is None:
        return NONE
    return anchor(change_url(obj), text or str(obj))


def anchor(url: str, text: str) -> SafeString:
    """Return a link."""
    return format_html('<a class="text-link" href="{}">{}</a>', url, text)


def block(text: str) -> SafeString:
    """Return text as it is, line by line."""
    return format_html('<pre class="nmc-block">{}</pre>', text) if text else SafeString(NONE)


def pretty(value: Any) -> SafeString:
    """Return JSON as a person reads it."""
    return block(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def ago(moment: datetime | None) -> str:
    """Return how long ago something was, in its largest unit or two."""
    return NONE if moment is None else span(utcnow() - moment)


def span(length: timedelta) -> str:
    """Return a length of time in its largest unit or two."""
    seconds = max(0, int(length.total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {seconds % 60} s" if minutes else f"{seconds} s"


def badge(text: str, colour: str = "") -> SafeString:
    """Return a coloured label, also for pages on which unfold shows none."""
    return format_html('<span class="{} {}">{}</span>', _BADGE, _BADGE_COLOURS.get(colour, _BADGE_COLOURS[""]), text)


# As in unfold/helpers/label.html: its stylesheet has only the classes of its own templates.
_BADGE = "inline-block font-semibold rounded-default text-[11px] uppercase whitespace-nowrap h-6 leading-6 px-2"
_BADGE_COLOURS = {
    SUCCESS: "bg-green-100 text-green-700 dark:bg-green-500/20 dark:text-green-400",
    WARNING: "bg-orange-100 text-orange-700 dark:bg-orange-500/20 dark:text-orange-400",
    DANGER: "bg-red-100 text-red-700 dark:bg-red-500/20 dark:text-red-400",
    INFO: "bg-blue-100 text-blue-700 dark:bg-blue-500/20 dark:text-blue-400",
    "": "bg-base-500/8 text-base-700 dark:bg-base-500/20 dark:text-base-200",
}
