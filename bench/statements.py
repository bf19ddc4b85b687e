"""How many SQL commands a webhook sends, as PostgreSQL logs them: BEGIN, COMMIT and health checks included."""

import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.load import Connection
from bench.stack import Stack
from bench.webhooks import Caller

SAMPLES = 15
# "LOG:  statement: BEGIN", "LOG:  execute _pg3_7: INSERT …"; a statement's further lines start with a tab.
_COMMAND = re.compile(r"LOG:  (?:statement|execute [^:]*): (.*(?:\n\t.*)*)")


@dataclass(frozen=True)
class Statements:
    """The median number of commands of one webhook, and the beginnings of those of the last one."""

    number: int
    commands: list[str]


def count(stack: Stack) -> dict[str, Statements]:
    """Send some webhooks one after the other while PostgreSQL logs every command, and read its log."""
    steps = {"call": stack.twilio.call, "progress": stack.twilio.progress, "dial": stack.twilio.dial}
    callers = stack.twilio.callers(SAMPLES)
    connection = Connection(stack.ports["web"])
    with stack.database() as database:
        database.execute("ALTER SYSTEM SET log_statement = 'all'")
        database.execute("SELECT pg_reload_conf()")
        try:
            return {name: _count(connection, make, callers, stack.postgres_log) for name, make in steps.items()}
        finally:
            connection.close()
            database.execute("ALTER SYSTEM RESET log_statement")
            database.execute("SELECT pg_reload_conf()")


def _count(connection: Connection, make: Callable[[Caller], bytes], callers: list[Caller], log: Path) -> Statements:
    found: list[list[str]] = []
    for caller in callers:
        before = log.stat().st_size
        connection.exchange(make(caller))
        with log.open("rb") as lines:
            lines.seek(before)
            text = lines.read().decode(errors="replace")
        found.append([" ".join(command.split())[:90] for command in _COMMAND.findall(text)])
    # The first one meets connections that have not heard of the new setting, the median none.
    return Statements(round(statistics.median(map(len, found))), found[-1])
