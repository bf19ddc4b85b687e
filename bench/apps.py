"""Adds one subscriber to the product's: what a due timer calls. Nothing of the product publishes its topic."""

from django.apps import AppConfig

TIMER_TOPIC = TIMER_NAME = "bench.timer"


class BenchConfig(AppConfig):
    name = "bench"

    def ready(self) -> None:
        from django.db import connection

        from nevermisscall.outbox.facts import subscribe
        from nevermisscall.outbox.models import Fact

        @subscribe(TIMER_TOPIC, name=TIMER_NAME)
        def note_time(fact: Fact) -> None:
            """Write down when it was done, by the database's clock."""
            with connection.cursor() as cursor:
                cursor.execute("INSERT INTO bench_done (fact_id, at) VALUES (%s, clock_timestamp())", [fact.id])
