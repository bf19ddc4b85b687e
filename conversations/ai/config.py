"""Which dispatcher answers customers, and what it needs. Light: the settings import it in every process."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from urllib.parse import urlsplit

DISPATCHBOT, ANTHROPIC, OPENAI, RULES = "dispatchbot", "anthropic", "openai", "rules"
BACKENDS = (DISPATCHBOT, ANTHROPIC, OPENAI, RULES)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of the dispatchers, by the names of their environment variables."""

    ai_backend: str = ""  # blank: dispatchbot if it has an address, else rules
    dispatchbot_url: str = ""
    dispatchbot_api_key: str = field(default="", repr=False)
    anthropic_api_key: str = field(default="", repr=False)
    openai_api_key: str = field(default="", repr=False)
    openai_base_url: str = ""  # blank: OpenAI's own
    ai_model: str = ""

    @property
    def backend(self) -> str:
        """What is named wins."""
        return self.ai_backend or (DISPATCHBOT if self.dispatchbot_url else RULES)

    def problems(self, *, production: bool) -> Iterator[tuple[str, str]]:
        """Yield what is wrong: the environment variable, and what to do about it."""
        if self.backend not in BACKENDS:
            yield "AI_BACKEND", f"“{self.backend}” is none; use {', '.join(BACKENDS)}"
        for variable in self._missing(production=production):
            yield variable, f"set it, because AI_BACKEND is {self.backend}; AI_BACKEND={RULES} needs nothing"
        if self.backend in (ANTHROPIC, OPENAI) and find_spec(self.backend) is None:
            yield "AI_BACKEND", f"{self.backend} needs its package: pip install -r requirements/llm.txt"
        for variable, url in (("DISPATCHBOT_URL", self.dispatchbot_url), ("OPENAI_BASE_URL", self.openai_base_url)):
            if url and not _is_web_address(url):
                yield variable, f"“{url}” is no address; write it like https://ai.example.com"
            elif url and production and not _is_private(url):
                yield (
                    variable,
                    "use https://, or a host of your own network: customers' words would travel in the clear",
                )

    def _missing(self, *, production: bool) -> list[str]:
        needed: dict[str, dict[str, object]] = {
            DISPATCHBOT: {
                "DISPATCHBOT_URL": self.dispatchbot_url,
                "DISPATCHBOT_API_KEY": self.dispatchbot_api_key or not production,
            },
            ANTHROPIC: {"ANTHROPIC_API_KEY": self.anthropic_api_key, "AI_MODEL": self.ai_model},
            # A server of one's own often wants no key.
            OPENAI: {"OPENAI_API_KEY": self.openai_api_key or self.openai_base_url, "AI_MODEL": self.ai_model},
        }
        return [variable for variable, value in needed.get(self.backend, {}).items() if not value]


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _is_private(url: str) -> bool:
    """Tell whether nobody on the way can read along: https, or a host of one's own network, such as a container."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" or not {".", ":"} & set(host):
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host.endswith((".local", ".internal", ".localhost"))
