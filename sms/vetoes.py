"""A last question before a text leaves, from above: does whoever caused it still want it to?"""

from collections.abc import Callable

from sms.models import Message

_questions: dict[str, Callable[[Message], bool]] = {}


def ask(sender_type: str, is_wanted: Callable[[Message], bool]) -> None:
    """Have `is_wanted` asked about each text of `sender_type` when it is claimed. Called from AppConfig.ready().

    It is asked inside the transaction that commits `sending`; a text that is not wanted is canceled.
    """
    _questions[sender_type] = is_wanted


def is_wanted(message: Message) -> bool:
    """Tell whether the text may still leave as far as whoever caused it is concerned."""
    question = _questions.get(message.sender_type)
    return question is None or question(message)
