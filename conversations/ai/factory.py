"""The dispatchers as they are configured."""

from collections.abc import Callable

from conversations.ai.breaker import Breaker
from conversations.ai.chain import REMOTE_SECONDS, Chain, Link, Turn
from conversations.ai.config import ANTHROPIC, DISPATCHBOT, OPENAI, Config
from conversations.ai.dispatchbot.client import DispatchBot
from conversations.ai.llm.anthropic import AnthropicDispatcher
from conversations.ai.llm.openai import OpenAIDispatcher
from conversations.ai.protocol import Dispatcher


def build(config: Config, *, rules: Dispatcher, observe: Callable[[Turn], None] | None = None) -> Chain:
    """Return the configured dispatcher, if it is another than `rules`, then `rules`, then the acknowledgement.

    Make one for each process: it holds connections and a breaker. `observe` is called with every turn.
    """
    remote = _remote(config)
    links = [] if remote is None else [Link(remote, deadline=REMOTE_SECONDS, breaker=Breaker())]
    return Chain([*links, Link(rules)], observe=observe)


def _remote(config: Config) -> Dispatcher | None:
    if config.backend == DISPATCHBOT:
        return DispatchBot(url=config.dispatchbot_url, api_key=config.dispatchbot_api_key)
    if config.backend == ANTHROPIC:
        return AnthropicDispatcher(api_key=config.anthropic_api_key, model=config.ai_model)
    if config.backend == OPENAI:
        return OpenAIDispatcher(api_key=config.openai_api_key, model=config.ai_model, base_url=config.openai_base_url)
    return None
