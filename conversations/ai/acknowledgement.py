"""The last word when nobody has an answer: the message has arrived, and a person will read it."""

from conversations.ai.protocol import NORMAL, Answer, Request

_TEXTS = {
    "en": "We received your message. Someone from {business} will get back to you as soon as possible.",
    "es": "Recibimos su mensaje. Alguien de {business} le contestará lo antes posible.",
}


class Acknowledgement:
    """Always answers, at once, without any service, and asks for a person."""

    name = "acknowledgement"

    def answer(self, request: Request, *, deadline: float) -> Answer:
        """Return that the message has arrived, in the customer's language."""
        text = _TEXTS.get(request.language, _TEXTS["en"]).format(business=request.business.name)
        return Answer(
            message_to_customer=text,
            job_type="",
            urgency_level=NORMAL,
            confidence=1.0,
            job=dict(request.job),
            summary=request.summary,
            needs_human=True,
        )
