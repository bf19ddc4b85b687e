"""What each webhook of a call costs the database, once the process is warm. Fewer is better; more is a decision."""

import pytest

from tests.fixtures.webhooks import TwilioPhone

pytestmark = pytest.mark.django_db

# Webhook → (statements, the webhooks before it). A transaction's BEGIN and COMMIT are not counted, its savepoint is.
COSTS = {
    "incoming": (1, [], lambda t: t.incoming_call()),
    "whisper": (6, ["incoming"], lambda t: t.screen()),
    "press": (7, ["incoming"], lambda t: t.press("1")),
    "leg": (6, ["incoming"], lambda t: t.leg_status("ringing")),
    "missed": (8, ["incoming"], lambda t: t.dial_action(DialCallStatus="no-answer")),
    "answered": (8, ["incoming", "press"], lambda t: t.dial_action(DialCallStatus="completed", DialBridged="true")),
    "end": (8, ["incoming", "missed"], lambda t: t.call_ends()),
    "a repeat": (4, ["incoming", "missed"], lambda t: t.dial_action(DialCallStatus="no-answer")),
}


@pytest.mark.parametrize("what", COSTS)
def test_a_webhook_costs_this_many_statements(acme, client, django_assert_num_queries, what):
    statements, before, webhook = COSTS[what]
    TwilioPhone(client).incoming_call()  # the routing snapshot is loaded
    phone = TwilioPhone(client)
    for earlier in before:
        COSTS[earlier][2](phone)

    with django_assert_num_queries(statements):
        webhook(phone)
