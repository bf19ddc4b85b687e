"""The emulator as a whole, whatever it is reached through."""

from collections.abc import Callable

from nevermisscall.twilio.emulator.exchange import Exchange
from nevermisscall.twilio.emulator.timeflow import Pace, Timers
from nevermisscall.twilio.emulator.world import Account, Number, NumberDefaults, World


class Emulator:
    """The exchange of the moment, and what survives a reset: accounts, numbers, URLs for unknown numbers, speed."""

    def __init__(self, account: Account, *, speed: float = 1.0, defaults: NumberDefaults | None = None) -> None:
        self.pace = Pace(speed)
        self._speed = speed
        self._account = account
        self._defaults = defaults or NumberDefaults()
        self._timers = Timers(self.pace)
        self._base_url = ""
        self.go_away: Callable[[float], None] = lambda seconds: None
        self.exchange = self._new_exchange([account], [])

    def open(self, base_url: str, go_away: Callable[[float], None]) -> None:
        """Learn under which address the server listens, and how to make it refuse connections."""
        self._base_url = self.exchange.base_url = base_url
        self.go_away = go_away

    def close(self) -> None:
        """Stop everything that is under way."""
        self.exchange.delivery.close()

    def reset(self, *, keep_numbers: bool = True) -> None:
        """Begin anew: no calls, texts, recordings, faults or defaults. Accounts stay, and numbers if wished."""
        old = self.exchange.world
        self.exchange.delivery.close()
        self.pace.speed = self._speed
        numbers = list(old.numbers.values()) if keep_numbers else []
        self.exchange = self._new_exchange(list(old.accounts.values()), numbers)

    def _new_exchange(self, accounts: list[Account], numbers: list[Number]) -> Exchange:
        world = World(accounts, numbers, self._defaults)
        return Exchange(world, self.pace, self._timers, self._base_url)
