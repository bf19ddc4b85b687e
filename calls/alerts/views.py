"""Twilio's webhooks about alert calls: what the person hears, what they pressed, how it went."""

from typing import Any

from calls.alerts import serializers, services
from calls.alerts.models import AlertCall
from calls.alerts.serializers import Connection, Leg, Press
from calls.models import TERMINAL, status_from
from nevermisscall.webhooks import twiml
from nevermisscall.webhooks.parsing import Params
from nevermisscall.webhooks.receipts import Answer
from nevermisscall.webhooks.views import TwilioWebhookView


class WordsView(TwilioWebhookView):
    """The phone was picked up: say the words and ask for a 1, which voicemail cannot press."""

    kind = "alert"

    def read(self, params: Params, **path: str) -> Leg:
        return serializers.read_leg(params, path["token"])

    def key(self, webhook: Leg) -> str:
        return f"{webhook.token}:{webhook.call_sid}"

    def answer(self, webhook: Leg, receipt_id: int) -> Answer:
        alert = services.pick_up(leg=webhook)
        if alert is None:
            return twiml.render("calls/goodbye.xml")
        if alert.canceled_at is not None:
            return _render("canceled.xml", alert)
        return _render("words.xml", alert, action=alert.url("press"), rounds=range(2))

    def is_heard(self, webhook: Leg) -> bool:
        return True

    def when_broken(self, webhook: Leg) -> Answer:
        return twiml.render("alerts/broken.xml")


class PressView(TwilioWebhookView):
    """What the person pressed: 1 accepts and connects; after another key they are asked once more."""

    kind = "alert_press"
    can_wait = False
    asks_again = True

    def read(self, params: Params, **path: str) -> Press:
        return serializers.read_press(params, path["token"])

    def key(self, webhook: Press) -> str:
        return f"{webhook.token}:{webhook.call_sid}:{webhook.digits[:20]}"

    def answer(self, webhook: Press, receipt_id: int) -> Answer:
        alert = services.press(leg=webhook)
        if alert is None:
            return twiml.render("calls/goodbye.xml")
        if webhook.accepts and alert.connect_to:
            return _render("connect.xml", alert, action=alert.url("connection"))
        if webhook.accepts:
            return _render("confirmed.xml", alert)
        if self.asks_again:
            return _render("words.xml", alert, action=alert.url("press_again"), rounds=range(1))
        return twiml.render("calls/goodbye.xml")

    def is_heard(self, webhook: Press) -> bool:
        return True

    def when_broken(self, webhook: Press) -> Answer:
        """Ask them to press again: what they pressed could not be kept, and they would think that it was."""
        return twiml.render("alerts/press_again.xml", action=AlertCall(token=webhook.token).url("press"))


class PressAgainView(PressView):
    """What they pressed when they were asked once more."""

    kind = "alert_press_again"
    asks_again = False


class ConnectionView(TwilioWebhookView):
    """Twilio's `<Dial>` action request: talking with the customer is over, or never began."""

    kind = "alert_connection"

    def read(self, params: Params, **path: str) -> Connection:
        return serializers.read_connection(params, path["token"])

    def key(self, webhook: Connection) -> str:
        return f"{webhook.token}:{webhook.dial_call_sid}:{webhook.dial_call_status}"

    def answer(self, webhook: Connection, receipt_id: int) -> Answer:
        alert = services.record_connection(leg=webhook)
        if alert is None or webhook.talked or status_from(webhook.call_status) in TERMINAL:
            return twiml.empty()
        return _render("not_reached.xml", alert)

    def is_heard(self, webhook: Connection) -> bool:
        return True

    def when_broken(self, webhook: Connection) -> Answer:
        return twiml.empty()


class ProgressView(TwilioWebhookView):
    """Progress of an alert call."""

    kind = "alert_progress"

    def read(self, params: Params, **path: str) -> Leg:
        return serializers.read_leg(params, path["token"])

    def key(self, webhook: Leg) -> str:
        return f"{webhook.token}:{webhook.call_sid}:{webhook.sequence_number}:{webhook.call_status}"

    def answer(self, webhook: Leg, receipt_id: int) -> Answer:
        services.follow(leg=webhook)
        return twiml.NO_CONTENT


def _render(template: str, alert: AlertCall, **context: Any) -> Answer:
    return twiml.render(
        f"alerts/{template}",
        language=alert.language,
        words=alert.words,
        connect_to=alert.connect_to,
        caller_id=alert.phone_number.number,
        **context,
    )
