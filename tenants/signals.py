"""Tell this process's routing snapshot when one of its rows is saved. Other processes hear of it by NOTIFY."""

from typing import Any

from django.db.models.signals import post_delete, post_save

from tenants import models, routing


def _changed(instance: Any, **_: Any) -> None:
    tenant_id = instance.pk if isinstance(instance, models.Tenant) else instance.tenant_id
    if tenant_id is None:  # a platform account: any business may use it
        routing.table.forget()
    else:
        routing.table.mark_changed(tenant_id)


for _model in (
    models.Tenant,
    models.PhoneNumber,
    models.OwnerNumber,
    models.BusinessHours,
    models.Closure,
    models.TwilioAccount,
):
    post_save.connect(_changed, sender=_model, dispatch_uid=f"routing-save-{_model.__name__}")
    post_delete.connect(_changed, sender=_model, dispatch_uid=f"routing-delete-{_model.__name__}")
