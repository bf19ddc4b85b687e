"""A conversation as people read it: what was said and called, who had it when, what the owner was told."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from conversations.models import Alert, Conversation, Entry, Transition
from nevermisscall.lib.admin import DANGER, change_url, shown_number
from nevermisscall.outbox.admin import may_view
from sms.admin import COLOURS, explain
from sms.models import Message, MessageMedia

SHOWN = 200  # calls and texts; the newest

Actor, Status = Transition.Actor, Conversation.Status

# Reasons that only repeat what the line says anyway.
PLAIN_REASONS = {"takeover", "handed back", "completed", "the customer wrote again"}


@dataclass(frozen=True)
class File:
    """A file beside a text: a picture that is shown, something to open, or without a URL why there is none."""

    text: str
    url: str = ""
    is_picture: bool = False


@dataclass(frozen=True)
class Line:
    """One line of the chat: with a `side` a bubble, `theirs` (the customer's) or `ours`; without, it stands between."""

    at: datetime
    text: str
    icon: str = ""
    note: str = ""
    tone: str = ""  # a colour of `nevermisscall.lib.admin`
    url: str = ""
    side: str = ""
    who: str = ""
    error: str = ""
    files: Sequence[File] = ()


Narrator = Callable[[HttpRequest, Conversation], Iterable[Line]]
Offer = Callable[[HttpRequest, Conversation], SafeString]

_narrators: list[Narrator] = []
_offers: list[Offer] = []


def narrate(narrator: Narrator) -> Narrator:
    """Have lines of a higher app shown in every chat, such as its visits. They are asked for every few seconds."""
    _narrators.append(narrator)
    return narrator


def offer(panel: Offer) -> Offer:
    """Have a panel of a higher app shown beside every chat, with what can be done there; blank shows none."""
    _offers.append(panel)
    return panel


def offers(request: HttpRequest, conversation: Conversation) -> list[SafeString]:
    """Return the panels of higher apps."""
    return [html for panel in _offers if (html := panel(request, conversation))]


def chat_of(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    """Return what `live.html` shows: the standing and the lines in order, at a fixed number of queries."""
    rows = conversation.entries.select_related("call", "message").prefetch_related("message__media")
    entries = list(rows.order_by("-created_at", "-pk")[: SHOWN + 1])
    is_cut = len(entries) > SHOWN
    entries = entries[:SHOWN]
    may_see_files = may_view(request, Message)
    lines = [_of_entry(entry, may_see_files) for entry in entries]
    lines += map(_of_transition, conversation.transitions.select_related("user"))
    lines += map(_of_alert, conversation.alerts.select_related("message"))
    lines += [line for narrator in _narrators for line in narrator(request, conversation)]
    if is_cut:
        lines = [line for line in lines if line.at >= entries[-1].created_at]
    return {
        "conversation": conversation,
        "lines": sorted(lines, key=lambda line: line.at),
        "is_cut": is_cut,
        "holder": _holder(conversation),
    }


def name_of(user: User) -> str:
    """Return a person's name as others know it."""
    return user.get_full_name() or user.get_username()


def _holder(conversation: Conversation) -> str:
    if conversation.status == Status.COMPLETED:
        return f"Completed: {conversation.get_outcome_display().lower()}" if conversation.outcome else "Completed"
    if conversation.ownership == Conversation.Ownership.AI:
        return "The AI has it"
    if conversation.ownership == Conversation.Ownership.NONE:
        return "Nobody has answered yet"
    if conversation.user is not None:
        return f"{name_of(conversation.user)} has it"
    return (
        f"Somebody has it, by text from {shown_number(conversation.relay_to)}"
        if conversation.relay_to
        else "A person has it"
    )


def _of_entry(entry: Entry, may_see_files: bool) -> Line:
    if entry.call is not None:
        call = entry.call
        return Line(
            at=entry.created_at,
            text=f"{call.get_outcome_display() or 'Ongoing'} call",
            icon="phone_missed" if call.outcome == "missed" else "call",
            note=call.get_missed_reason_display() if call.missed_reason else "",
            url=change_url(call),
        )
    message = entry.message
    assert message is not None, "an entry is about a call or a message"
    return Line(
        at=entry.created_at,
        text=message.body,
        note=message.get_status_display(),
        tone=COLOURS.get(message.status, ""),
        url=change_url(message),
        side="ours" if message.direction == Message.Direction.OUTBOUND else "theirs",
        who=message.get_sender_type_display(),
        error=explain(message.error_code) if message.error_code else "",
        files=[*_files(message, may_see_files)],
    )


def _files(message: Message, may_see_files: bool) -> Iterator[File]:
    for url in message.media_urls:
        yield File(url, url)  # somebody else's server: linked, not loaded
    for media in message.media.all():
        kind = media.content_type or "file"
        if media.state == MessageMedia.State.REFUSED:
            yield File(f"{kind}, not kept: {media.refusal}")
        elif media.state == MessageMedia.State.PENDING:
            yield File(f"{kind}, could not be fetched" if media.dead_at else f"{kind}, being fetched")
        elif may_see_files:
            url = reverse("message-media", args=[message.pk, media.position])
            yield File(kind, url, is_picture=kind.startswith("image/"))
        else:
            yield File(kind)


def _of_transition(move: Transition) -> Line:
    who = {Actor.AI: "The AI", Actor.CUSTOMER: "The customer", Actor.SYSTEM: "The system"}.get(
        Actor(move.actor), name_of(move.user) if move.user else "Somebody of the business"
    )
    did = {
        Status.USER_HANDLING: "took over",
        Status.AI_HANDLING: "handed back to the AI"
        if move.from_status == Status.USER_HANDLING
        else "answers from here on",
        Status.ACTIVE: "opened it again" if move.from_status == Status.COMPLETED else "handed back",
        Status.COMPLETED: "ended it",
    }[Status(move.to_status)]
    why = "" if move.reason in PLAIN_REASONS else move.reason.replace("_", " ")
    icons = {Status.USER_HANDLING: "person", Status.AI_HANDLING: "smart_toy", Status.COMPLETED: "task_alt"}
    return Line(move.at, f"{who} {did}", icon=icons.get(Status(move.to_status), "undo"), note=why)


def _of_alert(alert: Alert) -> Line:
    message = alert.message
    failed = COLOURS.get(message.status) == DANGER
    return Line(
        at=alert.created_at,
        text=f"Told {shown_number(alert.to_number)}",
        icon="notifications",
        note=f"{message.body} ({message.get_status_display().lower()})" if failed else message.body,
        tone=DANGER if failed else "",
        url=change_url(message),
    )
