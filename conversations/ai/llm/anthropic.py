"""Anthropic's models. The answer is the input of the one tool that the model has to call."""

from typing import TYPE_CHECKING, Any

from conversations.ai import remote
from conversations.ai.errors import MisconfiguredDispatcher
from conversations.ai.llm import prompting, reading, schema
from conversations.ai.protocol import Answer, DispatcherError, Request

if TYPE_CHECKING:
    from anthropic.types import Message

ANSWER_TOKENS = 2_000


class AnthropicDispatcher:
    """Ask a model of Anthropic through the official SDK. Its own retries and timeouts are off: ours hold."""

    name = "anthropic"

    def __init__(self, *, api_key: str, model: str, base_url: str = "") -> None:
        try:
            import anthropic
        except ImportError as error:
            raise MisconfiguredDispatcher(
                "AI_BACKEND=anthropic needs the package `anthropic`: pip install -r requirements/llm.txt"
            ) from error
        self._error: type[Exception] = anthropic.AnthropicError
        self._model = model
        self._http = remote.open_client()
        self._client = anthropic.Anthropic(
            api_key=api_key, base_url=base_url or None, max_retries=0, http_client=self._http, open_telemetry=False
        )

    def answer(self, request: Request, *, deadline: float) -> Answer:
        """Return the model's answer within `deadline` seconds; raises `DispatcherError`."""
        with remote.within(deadline) as budget:
            message = remote.second_try(lambda: self._ask(request, budget, deadline), budget, deadline)
        return _read(message, request)

    def close(self) -> None:
        """Close the connections that were kept."""
        self._http.close()

    def _ask(self, request: Request, budget: remote.Budget, deadline: float) -> "Message":
        try:
            return self._client.messages.create(
                model=self._model,
                max_tokens=ANSWER_TOKENS,
                system=prompting.instructions(),
                messages=[{"role": "user", "content": prompting.question(request)}],
                tools=[{"name": schema.NAME, "description": schema.DESCRIPTION, "input_schema": schema.ANSWER}],
                tool_choice={"type": "tool", "name": schema.NAME},
                timeout=deadline,
            )
        except (self._error, ValueError) as error:
            raise remote.failure(error, budget) from None


def _read(message: Any, request: Request) -> Answer:
    """Return the answer in `message`. The SDK does not check what it received, so nothing is taken for granted."""
    blocks = getattr(message, "content", None)
    for block in blocks if isinstance(blocks, list) else []:
        if getattr(block, "type", "") == "tool_use" and isinstance(block.input, dict):
            return reading.from_fields(block.input, request)
    words = [str(block.text) for block in blocks or [] if getattr(block, "type", "") == "text"]
    if not words:
        raise DispatcherError("the model called no tool and said nothing")
    return reading.from_text("".join(words), request)
