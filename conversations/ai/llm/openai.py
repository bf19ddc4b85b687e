"""OpenAI's models, and those of every server that speaks its API: vLLM, Ollama, llama.cpp and others."""

from typing import TYPE_CHECKING, Any

from conversations.ai import remote
from conversations.ai.errors import MisconfiguredDispatcher
from conversations.ai.llm import prompting, reading, schema
from conversations.ai.protocol import Answer, DispatcherError, Request

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion

ANSWER_TOKENS = 2_000


class OpenAIDispatcher:
    """Ask a model through the official SDK. Its own retries and timeouts are off: ours hold.

    The answer has to follow a JSON schema. A server that does not know such requests is asked for JSON in words, and
    from then on at once.
    """

    name = "openai"

    def __init__(self, *, api_key: str, model: str, base_url: str = "") -> None:
        try:
            import openai
        except ImportError as error:
            raise MisconfiguredDispatcher(
                "AI_BACKEND=openai needs the package `openai`: pip install -r requirements/llm.txt"
            ) from error
        self._error: type[Exception] = openai.OpenAIError
        self._not_understood: tuple[type[Exception], ...] = (openai.BadRequestError, openai.UnprocessableEntityError)
        self._model = model
        self._takes_schema = True
        self._http = remote.open_client()
        # A server of one's own often wants no key, the SDK always one.
        self._client = openai.OpenAI(
            api_key=api_key or "none", base_url=base_url or None, max_retries=0, http_client=self._http
        )

    def answer(self, request: Request, *, deadline: float) -> Answer:
        """Return the model's answer within `deadline` seconds; raises `DispatcherError`."""
        with remote.within(deadline) as budget:
            completion = remote.second_try(lambda: self._ask(request, budget, deadline), budget, deadline)
        return _read(completion, request)

    def close(self) -> None:
        """Close the connections that were kept."""
        self._http.close()

    def _ask(self, request: Request, budget: remote.Budget, deadline: float) -> "ChatCompletion":
        try:
            if self._takes_schema:
                try:
                    return self._complete(prompting.instructions(), request, timeout=deadline, **_SCHEMA_OPTIONS)
                except self._not_understood:
                    pass  # asked in words below
            instructions = prompting.instructions_for_text()
            completion = self._complete(instructions, request, timeout=deadline, max_tokens=ANSWER_TOKENS)
        except (self._error, ValueError) as error:
            raise remote.failure(error, budget) from None
        self._takes_schema = False
        return completion

    def _complete(self, instructions: str, request: Request, **options: Any) -> "ChatCompletion":
        completion: ChatCompletion = self._client.chat.completions.create(
            model=self._model,
            messages=[
                {"role": "system", "content": instructions},
                {"role": "user", "content": prompting.question(request)},
            ],
            **options,
        )
        return completion


_SCHEMA_OPTIONS: dict[str, Any] = {
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": schema.NAME, "strict": True, "schema": schema.ANSWER},
    },
    "max_completion_tokens": ANSWER_TOKENS,
}


def _read(completion: Any, request: Request) -> Answer:
    """Return the answer in `completion`. The SDK does not check what it received, so nothing is taken for granted."""
    choices = getattr(completion, "choices", None)
    message = getattr(choices[0], "message", None) if isinstance(choices, list) and choices else None
    text = getattr(message, "content", None)
    if not isinstance(text, str) or not text:
        raise DispatcherError("the model said nothing")
    return reading.from_text(text, request)
