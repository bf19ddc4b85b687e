"""Where the API has a conversation, and what it refuses."""

from conversations.models import Conversation


def url(conversation: Conversation, action: str = "") -> str:
    return f"/api/conversations/{conversation.pk}" + (f"/{action}" if action else "")


def refusal(answer):
    """Return (status, code) of an answer that refuses."""
    return answer.status_code, answer.json()["error"]["code"]


def fields_of(answer):
    """Return what is said of each field of a request that makes no sense."""
    assert refusal(answer) == (400, "INVALID_REQUEST")
    return answer.json()["error"]["fields"]
