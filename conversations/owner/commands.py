"""What an owner can have done from their phone. Each says in one short text what it did."""

from collections.abc import Callable
from datetime import timedelta

from conversations import alerts, ownership
from conversations.booking import services as booking
from conversations.booking.models import Appointment
from conversations.booking.telling import when
from conversations.emergencies.models import Escalation
from conversations.events import OwnerAcknowledged
from conversations.models import Conversation
from conversations.owner import addressing, relaying
from conversations.owner.answering import answer
from conversations.owner.models import OwnerText
from conversations.owner.reading import Command, Reading
from nevermisscall.lib.clock import utcnow
from nevermisscall.lib.refusals import Refusal
from nevermisscall.outbox import facts
from tenants import owner_texts, texts
from tenants.models import Tenant

LISTED = 8  # conversations; a text has room for no more

FOR_ALL = frozenset({Command.HELP, Command.LIST, Command.QUIET})  # about no conversation in particular

Status, Ownership = Conversation.Status, Conversation.Ownership


def is_meant(command: Command, conversation: Conversation) -> bool:
    """Tell whether anything in the conversation waits for a YES, NO or OK; if not, it is an answer to the customer."""
    if command in {Command.YES, Command.NO}:
        return _visit(command, conversation) is not None
    if command == Command.OK:
        return is_unseen_emergency(conversation)
    return True


def is_unseen_emergency(conversation: Conversation) -> bool:
    """Tell whether it is an emergency of which nobody has said yet that they know; our texts about it ask for an OK."""
    unseen = Escalation.objects.filter(conversation=conversation, acknowledged_at__isnull=True)
    return conversation.ownership != Ownership.USER and unseen.exists()


def obey(text: OwnerText, reading: Reading, conversation: Conversation | None = None) -> None:
    """Do what the text commands and answer it. Settles `text`; the caller saves it."""
    assert reading.command is not None, "words are relayed"
    text.command, text.state, text.settled_at = reading.command, OwnerText.State.DONE, utcnow()
    if reading.command in FOR_ALL:
        _FOR_ALL[reading.command](text, reading)
    else:
        assert conversation is not None, "the other commands are about one"
        text.conversation = conversation
        _ABOUT_ONE[reading.command](text, reading, conversation)


def _help(text: OwnerText, _reading: Reading) -> None:
    answer(text, "owner_help")


def _list(text: OwnerText, _reading: Reading) -> None:
    rows = addressing.in_the_inbox(text.tenant_id)
    if not rows:
        answer(text, "owner_list_empty")
        return
    lines = [_line(row, text.tenant.language) for row in rows[:LISTED]]
    more = [f"+{len(rows) - LISTED}"] if len(rows) > LISTED else []
    answer(text, "owner_list", list="\n".join(lines + more))


def _line(conversation: Conversation, language: str) -> str:
    holder = owner_texts.holder(conversation.ownership, language)
    return f"{conversation} {alerts.customer_of(conversation)} ({holder})"


def _quiet(text: OwnerText, reading: Reading) -> None:
    if reading.minutes is None:
        answer(text, "owner_quiet_how")
        return
    tenant = text.tenant
    until = text.created_at + timedelta(minutes=reading.minutes) if reading.minutes else None
    Tenant.objects.filter(pk=tenant.pk).update(alerts_quiet_until=until)
    if until is None:
        answer(text, "owner_quiet_off")
    else:
        answer(text, "owner_quiet", when=when(until, tenant.timezone, tenant.language))


def _take(text: OwnerText, _reading: Reading, conversation: Conversation) -> None:
    if conversation.status == Status.COMPLETED:
        text.state = OwnerText.State.REFUSED
        answer(text, "owner_over", conversation)
    else:
        relaying.take(text, conversation)
        answer(text, "owner_taken", conversation)


def _hand_back(text: OwnerText, _reading: Reading, conversation: Conversation) -> None:
    if conversation.status == Status.COMPLETED:
        answer(text, "owner_over", conversation)
        return
    row, _ = ownership.release(conversation_id=conversation.pk, reason="by text")
    answers_itself = row.ownership == Ownership.AI or row.ai_due_at is not None
    answer(text, "owner_handed_back" if answers_itself else "owner_nobodys", conversation)


def _complete(text: OwnerText, _reading: Reading, conversation: Conversation) -> None:
    if is_unseen_emergency(conversation):  # also of one that the customer or the AI has ended
        facts.publish(OwnerAcknowledged(ownership.lock(conversation.pk), text.phone))
    ownership.complete(conversation_id=conversation.pk, outcome=Conversation.Outcome.RESOLVED, reason="by text")
    answer(text, "owner_done", conversation)


def _decide(text: OwnerText, reading: Reading, conversation: Conversation) -> None:
    command, visit = reading.command, _visit(reading.command, conversation)
    assert visit is not None, "is_meant() looked"
    tenant = text.tenant
    values = {"when": when(visit.starts_at, tenant.timezone, tenant.language)}
    try:
        if command == Command.YES:
            booking.confirm(appointment=visit, how=Appointment.How.PHONE)
        else:
            booking.decline(appointment=visit, how=Appointment.How.PHONE, reason=reading.reason)
    except Refusal as refusal:
        text.state = OwnerText.State.REFUSED
        answer(text, "owner_visit_not", conversation, reason=texts.reason(refusal.code, tenant.language), **values)
        return
    answer(text, "owner_visit_confirmed" if command == Command.YES else "owner_visit_declined", conversation, **values)


def _visit(command: Command | None, conversation: Conversation) -> Appointment | None:
    """Return the visit that waits for a yes or a no. One that nobody confirmed in time may still be confirmed."""
    waits = [Appointment.Status.REQUESTED]
    if command == Command.YES:
        waits.append(Appointment.Status.EXPIRED)
    visits = Appointment.objects.filter(conversation=conversation, status__in=waits, starts_at__gt=utcnow())
    return visits.order_by("-created_at", "-pk").first()


def _acknowledge(text: OwnerText, _reading: Reading, conversation: Conversation) -> None:
    facts.publish(OwnerAcknowledged(ownership.lock(conversation.pk), text.phone))
    answer(text, "owner_acknowledged", conversation)


_FOR_ALL: dict[Command, Callable[[OwnerText, Reading], None]] = {
    Command.HELP: _help,
    Command.LIST: _list,
    Command.QUIET: _quiet,
}
_ABOUT_ONE: dict[Command, Callable[[OwnerText, Reading, Conversation], None]] = {
    Command.TAKE: _take,
    Command.AI: _hand_back,
    Command.DONE: _complete,
    Command.YES: _decide,
    Command.NO: _decide,
    Command.OK: _acknowledge,
}
