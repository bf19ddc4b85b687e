"""What we write to people: shipped texts in English and Spanish, which a tenant may replace one by one."""

import re
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from tenants import owner_texts

# key → the variables its text may use. {business} is the tenant's name; {customer} a number as people write it.
VARIABLES: dict[str, frozenset[str]] = {
    "missed_call": frozenset({"business"}),
    "owner_missed_call": frozenset({"business", "customer", "reason"}),
    "owner_late_news": frozenset({"business", "list"}),
    "owner_undelivered_call": frozenset({"business", "customer"}),  # said on the phone; {customer} digit by digit
    "owner_customer_wrote": frozenset({"business", "handle", "customer", "words"}),
    "owner_ai_took": frozenset({"business", "handle", "customer", "words"}),
    "owner_ai_unsure": frozenset({"business", "handle", "customer", "words"}),
    "owner_silence": frozenset({"business", "handle", "customer"}),
    "owner_emergency": frozenset({"business", "handle", "customer", "words"}),
    "owner_emergency_call": frozenset({"business", "words"}),  # said on the phone, before "press 1"
    "emergency_nobody_yet": frozenset({"business"}),
    "server_away": frozenset({"business"}),  # said to a caller by Twilio alone, after the owner's phones rang
    "opted_out": frozenset({"business"}),
    "help": frozenset({"business", "phone"}),
    # {when} is the time of a visit in words.
    "appointment_requested": frozenset({"business", "when"}),
    "appointment_confirmed": frozenset({"business", "when"}),
    "appointment_declined": frozenset({"business", "when"}),
    "appointment_canceled": frozenset({"business", "when"}),
    "appointment_expired": frozenset({"business", "when"}),
    "owner_visit_expired": frozenset({"business", "handle", "customer", "when"}),
    **owner_texts.VARIABLES,
}

SHIPPED: dict[tuple[str, str], str] = {
    ("missed_call", "en"): (
        "Hi! I missed your call. This is {business}: text me here what you need and I'll get right back to you. "
        "Reply STOP to opt out."
    ),
    # No í and no á: they are not in GSM-7, and one of them makes three segments of what fits in two.
    ("missed_call", "es"): (
        "¡Hola! No pude contestar su llamada. Somos {business}: responda con lo que necesita y le contestamos "
        "enseguida. Responda STOP para no recibir mensajes."
    ),
    ("owner_missed_call", "en"): (
        "{business}: missed call from {customer}. They can't be texted ({reason}), so please call back."
    ),
    ("owner_missed_call", "es"): (
        "{business}: llamada perdida de {customer}. No se le puede escribir ({reason}); devuélvale la llamada."
    ),
    ("owner_late_news", "en"): (
        "{business}: these calls and texts did not reach us in time, and nobody has answered them:\n{list}"
    ),
    ("owner_late_news", "es"): (
        "{business}: estas llamadas y mensajes no nos llegaron a tiempo, y nadie los ha contestado:\n{list}"
    ),
    ("owner_customer_wrote", "en"): "{handle} {customer}: {words}",
    ("owner_customer_wrote", "es"): "{handle} {customer}: {words}",
    ("owner_ai_took", "en"): (
        '{handle} {customer} wrote: "{words}" Your assistant is answering. Text back here to take over.'
    ),
    ("owner_ai_took", "es"): (
        '{handle} {customer} dice: "{words}" Su asistente le contesta. Responda aqui para hacerse cargo.'
    ),
    ("owner_ai_unsure", "en"): (
        '{handle} {customer} needs you: "{words}" Your assistant could not help. Text back here to answer.'
    ),
    ("owner_ai_unsure", "es"): (
        '{handle} {customer} le necesita: "{words}" Su asistente no pudo ayudar. Responda aqui para contestar.'
    ),
    ("owner_silence", "en"): (
        "{handle} {customer} is waiting for you. Without an answer your assistant takes over in two minutes."
    ),
    ("owner_silence", "es"): (
        "{handle} {customer} le espera. Si no contesta, su asistente se hace cargo en dos minutos."
    ),
    ("owner_emergency", "en"): (
        'EMERGENCY {handle} {customer}: "{words}" We are calling you. Text back OK if you have seen this, or your '
        "answer to the customer."
    ),
    ("owner_emergency", "es"): (
        'EMERGENCIA {handle} {customer}: "{words}" Le estamos llamando. Responda OK si lo ha visto, o su respuesta '
        "al cliente."
    ),
    ("owner_emergency_call", "en"): "This is an emergency for {business}. A customer wrote: {words}.",
    ("owner_emergency_call", "es"): "Esto es una emergencia para {business}. Un cliente dice: {words}.",
    ("emergency_nobody_yet", "en"): (
        "{business}: we are still trying to reach somebody and have not got through yet. If anybody is in danger, "
        "call 911 now."
    ),
    ("emergency_nobody_yet", "es"): (
        "{business}: seguimos intentando localizar a alguien y todavía nadie contesta. Si hay alguien en peligro, "
        "llame al 911 ahora."
    ),
    ("owner_undelivered_call", "en"): "{business}: missed call from {customer}. They could not be texted.",
    ("owner_undelivered_call", "es"): "{business}: llamada perdida del {customer}. No se le pudo escribir.",
    ("server_away", "en"): (
        "Thank you for calling {business}. If nobody could answer, please call again in a few minutes. Goodbye."
    ),
    ("server_away", "es"): (
        "Gracias por llamar a {business}. Si nadie pudo contestar, llame otra vez en unos minutos, por favor. Adiós."
    ),
    ("opted_out", "en"): "{business}: you won't get any more texts from us. Reply START if you change your mind.",
    ("opted_out", "es"): "{business}: ya no le mandaremos mensajes. Responda START si cambia de idea.",
    ("help", "en"): (
        "{business}: call us at {phone} or text us here what you need. Msg & data rates may apply. "
        "Reply STOP to opt out."
    ),
    ("help", "es"): (
        "{business}: llame al {phone} o escriba lo que necesita. Pueden aplicarse tarifas de mensajes y datos. "
        "Responda STOP para no recibir mensajes."
    ),
    ("appointment_requested", "en"): (
        "{business}: your visit on {when} is requested, not confirmed yet. We'll text you as soon as it is."
    ),
    ("appointment_requested", "es"): (
        "{business}: su visita del {when} queda solicitada, pero no confirmada. Le avisaremos cuando lo sea."
    ),
    ("appointment_confirmed", "en"): "{business}: your visit on {when} is confirmed. Text us here if anything changes.",
    ("appointment_confirmed", "es"): "{business}: su visita del {when} queda confirmada. Si algo cambia, responda.",
    ("appointment_declined", "en"): (
        "{business}: sorry, we can't make it on {when}. Reply with another time that works for you."
    ),
    ("appointment_declined", "es"): "{business}: lo sentimos, no podemos ir el {when}. Responda con otra hora.",
    ("appointment_canceled", "en"): "{business}: your visit on {when} is canceled. Reply to find another time.",
    ("appointment_canceled", "es"): "{business}: su visita del {when} queda cancelada. Responda para buscar otra hora.",
    ("appointment_expired", "en"): (
        "{business}: sorry, nobody could confirm your visit on {when}, so it is not booked. Reply with another time "
        "that works for you."
    ),
    ("appointment_expired", "es"): (
        "{business}: lo sentimos, nadie pudo confirmar su visita del {when}, y no queda reservada. Responda con otra "
        "hora."
    ),
    ("owner_visit_expired", "en"): (
        "{handle} {customer}: nobody confirmed the visit on {when}. The time is free again, and we asked them for "
        "another. Text back here to reach them."
    ),
    ("owner_visit_expired", "es"): (
        "{handle} {customer}: nadie confirmó la visita del {when}. La hora vuelve a quedar libre y le pedimos otra. "
        "Responda a este mensaje para escribirle."
    ),
    **owner_texts.SHIPPED,
}

# Why something could not be done, as {reason} says it to the owner. Keys are the gate's rules, what delivery adds, and
# the codes of refusals.
REASONS: dict[tuple[str, str], str] = {
    ("tenant_not_active", "en"): "your account is not active",
    ("number_cannot_send", "en"): "your number cannot send texts yet",
    ("not_textable", "en"): "not a mobile number",
    ("own_number", "en"): "it is your own number",
    ("opted_out", "en"): "they opted out of texts",
    ("landline", "en"): "it is a landline",
    ("personal", "en"): "a personal contact",
    ("held", "en"): "it is too late in the day there",
    ("blocked", "en"): "they are blocked",
    ("no_consent", "en"): "they did not agree to it",
    ("do_not_automate", "en"): "they want no automatic texts",
    ("daily_cap", "en"): "today's limit of texts is reached",
    ("undelivered", "en"): "the text was not delivered",
    ("too_late", "en"): "too much time had passed",
    ("slot_taken", "en"): "another visit has that time",
    ("invalid_transition", "en"): "it was decided already",
    ("tenant_not_active", "es"): "su cuenta no está activa",
    ("number_cannot_send", "es"): "su número aún no puede enviar mensajes",
    ("not_textable", "es"): "no es un móvil",
    ("own_number", "es"): "es su propio número",
    ("opted_out", "es"): "pidió no recibir mensajes",
    ("landline", "es"): "es un teléfono fijo",
    ("personal", "es"): "contacto personal",
    ("held", "es"): "allí no es hora de escribir",
    ("blocked", "es"): "está bloqueado",
    ("no_consent", "es"): "no dio su consentimiento",
    ("do_not_automate", "es"): "no quiere mensajes automáticos",
    ("daily_cap", "es"): "se alcanzó el límite de mensajes de hoy",
    ("undelivered", "es"): "el mensaje no se entregó",
    ("too_late", "es"): "pasó demasiado tiempo",
    ("slot_taken", "es"): "otra visita tiene esa hora",
    ("invalid_transition", "es"): "ya estaba decidido",
}

_VARIABLE = re.compile(r"\{([^{}]*)\}")


def template_keys() -> list[tuple[str, str]]:
    """Return the choices of a template's key. Migrations refer to this function."""
    return [(key, key) for key in VARIABLES]


class TextTemplate(models.Model):
    """A tenant's own wording of one of our texts, in one language."""

    tenant = models.ForeignKey("tenants.Tenant", on_delete=models.CASCADE, related_name="text_templates")
    key = models.CharField(max_length=40, choices=template_keys)  # a function, so that a new text needs no migration
    language = models.CharField(max_length=5, default="en")
    body = models.TextField(max_length=1600, help_text="Variables in braces, such as {business}.")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant", "key", "language"], name="text_template_once"),
        ]

    def __str__(self) -> str:
        return f"{self.key} ({self.language})"

    def clean(self) -> None:
        unknown = sorted(variables(self.body) - VARIABLES.get(self.key, frozenset()))
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in sorted(VARIABLES.get(self.key, ())))
            raise ValidationError({"body": f"{{{unknown[0]}}} is not a variable of this text; there are {known}"})


def variables(body: str) -> set[str]:
    """Return the names of the variables that `body` uses."""
    return set(_VARIABLE.findall(body))


def reason(code: str, language: str) -> str:
    """Return why something could not be done, as {reason} says it."""
    return REASONS.get((code, language)) or REASONS[code, "en"]


def fill(body: str, values: dict[str, str]) -> str:
    """Put `values` into `body`. An unknown variable stays as it is written, so that a text is never lost over it."""
    return _VARIABLE.sub(lambda match: values.get(match[1], match[0]), body)


def render(*, tenant_id: int, key: str, language: str, values: dict[str, str]) -> str:
    """Return the tenant's text for `key` in `language`: its own wording, else ours; else the same in English."""
    own = dict(TextTemplate.objects.filter(tenant_id=tenant_id, key=key).values_list("language", "body"))
    choices = (own.get(language), SHIPPED.get((key, language)), own.get("en"), SHIPPED[key, "en"])
    return fill(next(body for body in choices if body), values)
