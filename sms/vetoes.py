"""A last question before a text leaves, from above: does whoever caused it still want it to?"""

from collections.abc import Callable

from sms.models import Message

Question = Callable[[Message], bool | None]

_questions: dict[str, Question] = {}


def ask(sender_type: str, is_wanted: Question) -> None:
    """Have `is_wanted` asked about each text of `sender_type` when it is claimed. Called from AppConfig.ready().

    It is asked inside the transaction that commits `sending`; a text that is not wanted is canceled. None says that
    it cannot be told yet: the text waits a moment and is asked about again.
    """
    _questions[sender_type] = is_wanted


def is_wanted(message: Message) -> bool | None:
    """Tell whether the text may still leave as far as whoever caused it is concerned; None: ask again soon."""
    question = _questions.get(message.sender_type)
    return question is None or question(message)
