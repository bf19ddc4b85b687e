"""Every webhook ten times: one after another or all at once, with Twilio's token for retries or without it."""

import itertools
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.journeys import ledger
from tests.journeys import traffic as t
from tests.journeys.stack import Stack, wait_until
from tests.journeys.traffic import Story, Traffic, Webhook

COPIES = 10
KINDS = (t.missed_call, t.answered_call, t.text, t.hung_up_call)


@dataclass
class Copied:
    """Webhooks that were posted ten times each. `differing` of them were not answered alike."""

    traffic: Traffic
    differing: list[Webhook] = field(default_factory=list)
    refused: list[Webhook] = field(default_factory=list)


def post(stack: Stack, *, distinct: int) -> Copied:
    """Post whole stories of at least `distinct` webhooks, each webhook ten times."""
    copied = Copied(Traffic(stack))
    copied.traffic.stories = list(_stories(distinct))
    # Four ways, of which neighbours differ: at once or not, and with the token or not.
    ways = itertools.cycle(itertools.product((True, False), repeat=2))
    with ThreadPoolExecutor(COPIES) as pool:
        for webhook, (at_once, with_token) in zip(copied.traffic.webhooks, ways, strict=False):
            _post_copies(copied, pool if at_once else None, webhook, _headers(with_token))
    return copied


def check(copied: Copied) -> dict[str, int]:
    """Wait until what follows from them has happened, and return what is not as it would be after one copy each."""
    traffic = copied.traffic
    wait_until(lambda: not ledger.untexted(traffic), seconds=60)
    return {**ledger.violations(traffic), "answered differently": len(copied.differing), "not 2xx": len(copied.refused)}


def _stories(distinct: int) -> Iterator[Story]:
    made = 0
    for make in itertools.cycle(KINDS):
        if made >= distinct:
            return
        story = make()
        made += len(story.webhooks)
        yield story


def _headers(with_token: bool) -> dict[str, str]:
    return {"I-Twilio-Idempotency-Token": str(uuid.uuid4())} if with_token else {}


def _post_copies(copied: Copied, pool: ThreadPoolExecutor | None, webhook: Webhook, headers: dict[str, str]) -> None:
    barrier = threading.Barrier(COPIES if pool else 1)

    def post_one(_: int) -> tuple[int, bytes]:
        barrier.wait()
        answer = copied.traffic.stack.post_signed(webhook.path, webhook.fields, **headers)
        return answer.status_code, answer.content

    run = pool.map if pool else map
    answers: list[tuple[int, bytes]] = list(run(post_one, range(COPIES)))
    webhook.status = answers[0][0]
    if len(set(answers)) != 1:
        copied.differing.append(webhook)
    if any(not 200 <= status < 300 for status, _ in answers):
        copied.refused.append(webhook)
