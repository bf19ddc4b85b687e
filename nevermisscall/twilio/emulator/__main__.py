"""`python -m nevermisscall.twilio.emulator`: start the emulator and serve until SIGTERM or Ctrl-C."""

import argparse
import os
import signal
import sys
import threading

from nevermisscall.twilio.emulator.emulator import Emulator
from nevermisscall.twilio.emulator.server import EmulatorServer
from nevermisscall.twilio.emulator.world import Account, NumberDefaults

DEFAULT_PORT = 3702


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if not options.account_sid or not options.auth_token:
        sys.stderr.write("Set --account-sid and --auth-token, or TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.\n")
        return 2
    defaults = NumberDefaults(options.voice_url, options.voice_fallback_url, options.status_callback, options.sms_url)
    emulator = Emulator(Account(options.account_sid, options.auth_token), speed=options.speed, defaults=defaults)
    for phone_number in options.number:
        emulator.exchange.world.number_for(phone_number)
    stopping = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stopping.set())
    server = EmulatorServer(emulator, options.host, options.port)
    server.start()
    sys.stdout.write(f"emulator ready {server.url}\n")
    sys.stdout.flush()
    stopping.wait()
    server.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m nevermisscall.twilio.emulator", description=__doc__)
    env = os.environ.get
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument(
        "--port", type=int, default=int(env("EMULATOR_PORT") or DEFAULT_PORT), help="0 takes a free one"
    )
    parser.add_argument("--account-sid", default=env("TWILIO_ACCOUNT_SID", ""))
    parser.add_argument("--auth-token", default=env("TWILIO_AUTH_TOKEN", ""))
    parser.add_argument(
        "--speed", type=float, default=float(env("EMULATOR_SPEED") or 1), help="virtual seconds a second"
    )
    parser.add_argument("--voice-url", default="", help="for every number that has none of its own")
    parser.add_argument("--voice-fallback-url", default="")
    parser.add_argument("--status-callback", default="")
    parser.add_argument("--sms-url", default="")
    parser.add_argument("--number", action="append", default=[], help="a number of the account; may be repeated")
    return parser


if __name__ == "__main__":
    sys.exit(main())
