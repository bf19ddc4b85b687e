"""In an emergency the approved safety words come first, whoever wrote the answer."""

from dataclasses import replace

from conversations.ai import emergency
from conversations.ai.protocol import AI, CUSTOMER, EMERGENCY, Answer, Request


def say_first(answer: Answer, request: Request) -> Answer:
    """Return the answer with the safety words before it, unless the customer has read them or it says them itself."""
    if EMERGENCY not in {request.urgency_level, answer.urgency_level}:
        return answer
    words = safety_words(request)
    said = [line.body for line in request.messages if line.sender_type == AI]
    if any(words in text for text in (*said, answer.message_to_customer)):
        return answer
    return replace(answer, message_to_customer=f"{words} {answer.message_to_customer}".strip())


def safety_words(request: Request) -> str:
    """Return the words for the newest emergency that the customer wrote of, in their language."""
    written = [line.body for line in request.messages if line.sender_type == CUSTOMER]
    found = [emergency.assess(text, trade=request.business.trade) for text in written]
    kind = next((each.kind for each in reversed(found) if each.level == EMERGENCY), "other")
    return emergency.safety_words(kind, request.language)
