"""So many requests a minute for each key, counted in Redis; in this process while Redis is away.

The minute of a key starts with its first request. A frozen Redis costs one request 0.1 s every 5 s, no more: after a
failure nobody asks it for a while, and then one does. In between, each process limits by what it saw itself.
"""

import logging
import math
import threading
import time
from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from nevermisscall.api.errors import RateLimited

WINDOW_SECONDS = 60
TIMEOUT_SECONDS = 0.1  # to connect, and for each answer
AVOID_SECONDS = 5.0  # how long a Redis that failed is left alone
REMEMBERED = 10_000  # keys that a process counts before it forgets those whose minute is over

# A key without an expiry would lock its owner out for good, so that is looked at each time.
_COUNT = """
local used = redis.call('INCR', KEYS[1])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[1])
    left = tonumber(ARGV[1])
end
return {used, left}
"""

logger = logging.getLogger(__name__)


class RateLimiter:
    """Counts requests by name. Safe to use from several threads.

    Without Redis each of `processes` takes its share of twice the limit, so that together they never let pass more than
    twice of it, and one process alone not less than the limit while there are two.
    """

    def __init__(self, url: str, *, limit: int, processes: int) -> None:
        self.limit = limit
        self._alone_limit = min(limit, math.ceil(2 * limit / processes))
        client = redis.Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._script = client.register_script(_COUNT)
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[float, int]] = {}  # name → (end of its minute, requests)
        self._failing = False
        self._ask_again_at = 0.0

    def count(self, name: str) -> float | None:
        """Count one request. Returns None if it may pass, else after how many seconds the next may."""
        alone = self._count_here(name)
        together = self._count_in_redis(name)
        used, left = together or alone
        return left if used > (self.limit if together else self._alone_limit) else None

    def _count_here(self, name: str) -> tuple[int, float]:
        now = time.monotonic()
        with self._lock:
            ends_at, used = self._counts.get(name, (0.0, 0))
            if ends_at <= now:
                ends_at, used = now + WINDOW_SECONDS, 0
                if len(self._counts) >= REMEMBERED:
                    self._counts = {key: count for key, count in self._counts.items() if count[0] > now}
            self._counts[name] = (ends_at, used + 1)
        return used + 1, ends_at - now

    def _count_in_redis(self, name: str) -> tuple[int, float] | None:
        with self._lock:
            if time.monotonic() < self._ask_again_at:
                return None
            if self._failing:
                self._ask_again_at = time.monotonic() + AVOID_SECONDS  # this thread tries; the others go on without
        try:
            used, left_ms = self._script(keys=[f"nevermisscall:requests:{name}"], args=[WINDOW_SECONDS * 1000])
        except (redis.RedisError, OSError) as error:
            with self._lock:
                self._failing, self._ask_again_at = True, time.monotonic() + AVOID_SECONDS
            logger.warning("Redis does not count requests; each process does", extra={"reason": type(error).__name__})
            return None
        with self._lock:
            self._failing, self._ask_again_at = False, 0.0
        return used, left_ms / 1000


@lru_cache(maxsize=1)
def limiter() -> RateLimiter:
    """Return this process's limiter."""
    return RateLimiter(settings.REDIS_URL, limit=settings.API_REQUESTS_PER_MINUTE, processes=settings.WEB_CONCURRENCY)


def count(key_id: int) -> None:
    """Count one request of a key. Raises `RateLimited` over the limit."""
    wait = limiter().count(str(key_id))
    if wait is not None:
        raise RateLimited(f"at most {settings.API_REQUESTS_PER_MINUTE} requests a minute", retry_after=math.ceil(wait))
