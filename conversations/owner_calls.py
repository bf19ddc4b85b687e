"""Calls to the owner's phone about a caller who could not be texted, for owners who asked for that."""

import logging
from zoneinfo import ZoneInfo

from calls.alerts import services as alert_services
from calls.alerts.models import AlertCall
from nevermisscall.lib import phones
from nevermisscall.lib.clock import utcnow
from tenants import services as tenant_services
from tenants import texts
from tenants.models import PhoneNumber, Tenant

# Hours of the business's own clock at which the owner's phone rings for this. The text waits for them at any hour.
FROM_HOUR, TO_HOUR = 8, 21

logger = logging.getLogger(__name__)


def call_owner(*, number: PhoneNumber, customer: str, key: str) -> AlertCall | None:
    """Ring the owner to tell them of a caller who cannot be texted, and to connect them; once for each `key`.

    Returns None if they did not ask for that, at night, while they want quiet, and if there is no phone to ring. The
    call comes from `number`, which the customer called and will see.
    """
    tenant = number.tenant
    if not tenant.call_owner_when_undelivered or not _is_welcome(tenant):
        return None
    _, owner = tenant_services.alert_numbers(tenant_id=tenant.pk)
    if not owner:
        logger.error("an owner call has no phone to go to: give the business an owner number")
        return None
    words = texts.render(
        tenant_id=tenant.pk,
        key="owner_undelivered_call",
        language=tenant.language,
        values={"business": tenant.name, "customer": phones.spoken(customer)},
    )
    return alert_services.place(
        number=number,
        to_number=owner,
        words=words[: alert_services.MAX_WORDS],
        connect_to=customer,
        language=tenant.language,
        idempotency_key=f"owner:{key}",
    )


def _is_welcome(tenant: Tenant) -> bool:
    now = utcnow()
    if tenant.alerts_quiet_until is not None and now < tenant.alerts_quiet_until:
        return False
    return FROM_HOUR <= now.astimezone(ZoneInfo(tenant.timezone)).hour < TO_HOUR
