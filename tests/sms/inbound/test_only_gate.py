"""There is no way around the gate: nothing else reaches a phone or makes a message that leaves."""

import ast
from pathlib import Path

from nevermisscall.lib.env import BASE_DIR

PRODUCT = [
    path
    for app in ("nevermisscall", "tenants", "calls", "sms", "conversations")
    for path in sorted((BASE_DIR / app).rglob("*.py"))
    if not {"migrations", "emulator"} & set(path.parts)
]
CREATORS = {"create", "get_or_create", "update_or_create", "bulk_create", "acreate", "copy_from"}
MAY_SEND = {"sms/sending.py", "sms/resolving.py", "sms/reconciling.py"}  # the last two only read Twilio's lists
MAY_MAKE_MESSAGES = {"sms/services.py", "sms/receiving.py", "sms/reconciling.py"}


def named(path: Path) -> str:
    return str(path.relative_to(BASE_DIR))


def imports_of(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module or ""}
    return found


def makes_messages(tree: ast.AST) -> bool:
    """`Message(…)`, `Message.objects.create(…)` and its relatives, `anything.messages.create(…)`."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = ast.unparse(call.func)
        if called == "Message" or called.endswith(".Message"):
            return True
        *before, last = called.split(".")
        if last in CREATORS and {"Message", "messages"} & set(before):
            return True
    return False


def test_only_the_sender_knows_how_to_reach_a_phone():
    reach = {named(p) for p in PRODUCT if "nevermisscall.twilio.messages" in imports_of(ast.parse(p.read_text()))}

    assert reach == MAY_SEND
    asks = {p for p in reach if "twilio_messages.create(" in (BASE_DIR / p).read_text()}
    assert asks == {"sms/sending.py"}


def test_only_the_gates_keeper_makes_outgoing_messages():
    makers = {named(path) for path in PRODUCT if makes_messages(ast.parse(path.read_text()))}
    elsewhere = {"nevermisscall/twilio/messages.py", "conversations/ai/llm/anthropic.py"}  # SDKs that say it likewise
    assert makers == MAY_MAKE_MESSAGES | elsewhere

    inbound = ast.unparse(ast.parse((BASE_DIR / "sms/receiving.py").read_text()))
    assert inbound.count("Message.objects.create(direction=Message.Direction.INBOUND") == 1
    assert inbound.count("Message.objects.create(") == 1

    found = ast.unparse(ast.parse((BASE_DIR / "sms/reconciling.py").read_text()))  # of what has left already
    assert found.count("Message.objects.create(") == 1
    assert found.count("status=FROM_TWILIO.get(record.status, Status.SENT_TO_PROVIDER), message_sid=record.") == 1
    assert "next_attempt_at" not in found


def test_no_statement_writes_messages_past_the_model():
    for path in PRODUCT:
        words = path.read_text().lower()
        assert "insert into sms_message" not in words, path
        assert "copy sms_message" not in words, path


def test_the_check_itself_would_notice():
    for way in (
        "Message(body='x').save()",
        "models.Message.objects.create(body='x')",
        "Message.objects.using('x').bulk_create([])",
        "tenant.messages.create(body='x')",
        "client.messages.create(to='x')",
    ):
        assert makes_messages(ast.parse(way)), way
