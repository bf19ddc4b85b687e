"""TwiML is rendered from XML templates under `templates/twiml/`."""

from typing import Any

from django.template.loader import render_to_string

from nevermisscall.lib.text import xml_safe
from nevermisscall.webhooks.receipts import XML, Answer

EMPTY = '<?xml version="1.0" encoding="UTF-8"?>\n<Response></Response>'
NO_CONTENT = Answer(204)


def render(template: str, **context: Any) -> Answer:
    """Return the template as an answer. Values are escaped by Django; what no XML may contain is dropped here."""
    text = render_to_string(f"twiml/{template}", context)
    return Answer(200, XML, xml_safe(text).strip())


def empty() -> Answer:
    """Return the document that does nothing."""
    return Answer(200, XML, EMPTY)
