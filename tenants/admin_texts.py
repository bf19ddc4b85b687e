"""Texts in a business's own words, shown as a customer would get them."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from nevermisscall.lib.admin import Admin, Inline, block
from tenants import texts
from tenants.admin_fields import FieldsForPeople
from tenants.models import Tenant, TextTemplate


class Preview:
    """A column with the text as a customer would get it."""

    @admin.display(description="Preview")
    def preview(self, template: TextTemplate) -> str:
        if template.pk is None:
            return "Shown once it is saved."
        return block(texts.fill(template.body, _sample(template)))


class TextInline(Preview, FieldsForPeople, Inline[TextTemplate, Tenant]):
    model = TextTemplate
    fields = ("key", "language", "body", "preview")
    readonly_fields = ("preview",)
    tab = True
    verbose_name_plural = "Texts"

    def get_queryset(self, request: HttpRequest) -> QuerySet[TextTemplate]:
        return super().get_queryset(request).select_related("tenant")


@admin.register(TextTemplate)
class TextTemplateAdmin(Preview, FieldsForPeople, Admin[TextTemplate]):
    list_display = ("key", "language", "tenant", "preview")
    list_filter = ("key", "language")
    list_select_related = ("tenant",)
    search_fields = ("tenant__name", "body")
    autocomplete_fields = ("tenant",)
    ordering = ("tenant__name", "key", "language")
    fields = ("tenant", ("key", "language"), "body", "preview", "ours")
    readonly_fields = ("preview", "ours")

    @admin.display(description="Our own wording, which this replaces")
    def ours(self, template: TextTemplate) -> str:
        return block(texts.SHIPPED.get((template.key, template.language), ""))


def _sample(template: TextTemplate) -> dict[str, str]:
    when = "martes 6 de enero a las 10:00 a. m." if template.language == "es" else "Tuesday, January 6 at 10:00 AM"
    return {
        "business": template.tenant.name,
        "handle": "#12",
        "customer": "(415) 555-0123",
        "words": "Goteo" if template.language == "es" else "My sink leaks",
        "reason": texts.reason("landline", template.language),
        "when": when,
        "who": "Ann",
        "count": "1",
        "choices": "#12 (415) 555-0123",
        "list": "#12 (415) 555-0123",
    }
