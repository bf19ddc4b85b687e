"""The telephone exchange: one world together with the clock, the timers, the way out and the faults that act on it."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from nevermisscall.twilio.emulator.delivery import Delivery
from nevermisscall.twilio.emulator.faults import Faults
from nevermisscall.twilio.emulator.timeflow import Pace, Timers
from nevermisscall.twilio.emulator.webhooks import Hook
from nevermisscall.twilio.emulator.world import World

if TYPE_CHECKING:
    from nevermisscall.twilio.emulator.line import Line


class Exchange:
    """What every part needs to know of the others. A reset makes a new one."""

    def __init__(self, world: World, pace: Pace, timers: Timers, base_url: str) -> None:
        self.world = world
        self.pace = pace
        self.timers = timers
        self.base_url = base_url
        self.delivery = Delivery(world, timers)
        self.faults = Faults()
        self.sent_seconds = 0.3  # virtual, from accepted to `sent`
        self.delivered_seconds = 1.0  # virtual, from `sent` to the carrier's receipt
        self.advanced_opt_out = False  # tells the product by `OptOutType` which keyword Twilio has acted on
        self.pool_keeps_sender = True  # a text through a Messaging Service leaves from the `From` that was asked for
        self.lines: dict[str, Line] = {}  # by CallSid, while the call lives

    def auth_token(self, account_sid: str) -> str:
        return self.world.accounts[account_sid].auth_token

    def later(self, key: str, seconds: float, action: Callable[[], None]) -> None:
        """Run `action` after virtual seconds unless the world is reset first; `key` is not settled before."""
        self.delivery.hold(key)

        def run() -> None:
            try:
                if not self.world.closed.is_set():
                    action()
            finally:
                self.delivery.release(key)

        self.timers.after(seconds, run)

    def in_thread(self, name: str, target: Callable[[], None]) -> None:
        threading.Thread(target=target, name=name, daemon=True).start()


def hook(name: str, url: str, params: list[tuple[str, str]], method: str = "POST") -> Hook:
    """Build a request; an unknown method counts as POST, as at Twilio."""
    return Hook(name, url, tuple(params), "GET" if method.upper() == "GET" else "POST")
