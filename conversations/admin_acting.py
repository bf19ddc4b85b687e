"""What staff do in a conversation from its page: each a POST with a permission, and a line in the audit log."""

import uuid
from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from conversations import ownership
from conversations.models import Conversation
from nevermisscall.lib.admin import RecordAdmin, change_url
from nevermisscall.lib.refusals import Refusal
from sms.services import MAX_BODY

PERMISSION = "conversations.change_conversation"
DRAFT = "reply_not_sent"  # in the session: the conversation and the words, for another try

Act = Callable[[HttpRequest, Conversation], str]


def take_over(request: HttpRequest, conversation: Conversation) -> str:
    """Give it to the person who asks. Each act returns what it did, for the audit log; blank if it was so already."""
    reason = request.POST.get("reason", "").strip()
    _, is_news = ownership.take_over(conversation_id=conversation.pk, user=_person(request), reason=reason)
    return f"Took over. {reason}".strip() if is_news else ""


def reply(request: HttpRequest, conversation: Conversation) -> str:
    """Text the customer. The page has a key for each text, so that sending its form twice is one text."""
    body = request.POST.get("body", "").strip()
    request.session[DRAFT] = [conversation.pk, body]
    if not 0 < len(body) <= MAX_BODY:
        raise Refusal("no_text", f"a reply has 1 to {MAX_BODY} characters; this one has {len(body)}")
    try:
        key = uuid.UUID(request.POST.get("key", ""))
    except ValueError as error:
        raise Refusal("no_key", "this page is not the newest: send it again from here") from error
    message = ownership.reply(
        conversation_id=conversation.pk, body=body, idempotency_key=f"admin:{key}", user=_person(request)
    )
    del request.session[DRAFT]
    return f"Replied with message {message.pk}."


def hand_back(request: HttpRequest, conversation: Conversation) -> str:
    """Hand it back to the AI."""
    _, is_news = ownership.release(conversation_id=conversation.pk, user=_person(request))
    return "Handed back." if is_news else ""


def complete(request: HttpRequest, conversation: Conversation) -> str:
    """End it with an outcome."""
    outcome = request.POST.get("outcome", "")
    if outcome not in Conversation.Outcome.values:
        raise Refusal("no_outcome", "choose how it ended")
    summary = request.POST.get("summary", "").strip()
    _, is_news = ownership.complete(
        conversation_id=conversation.pk, outcome=outcome, summary=summary, user=_person(request)
    )
    return f"Completed as {outcome}." if is_news else ""


ACTS: dict[str, Act] = {"take-over": take_over, "reply": reply, "hand-back": hand_back, "complete": complete}


def may_act(request: HttpRequest) -> bool:
    """Tell whether the user may do something in conversations, though no page lets anybody edit one."""
    return request.user.has_perm(PERMISSION)


class ActingAdmin(RecordAdmin[Conversation]):
    """A conversation's page, with an address for each act."""

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(require_POST(self._view(act))), name=_url_name(name))
            for name, act in ACTS.items()
        ]
        return [*own, *super().get_urls()]

    def _view(self, act: Act) -> Callable[[HttpRequest, int], HttpResponse]:
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            if not may_act(request):
                raise PermissionDenied
            conversation = get_object_or_404(Conversation, pk=pk)
            try:
                with transaction.atomic():
                    done = act(request, conversation)
                    if done:
                        self.log_change(request, conversation, done)
            except Refusal as refusal:
                messages.error(request, f"Not done: {refusal.message}.")
            else:
                messages.success(request, done) if done else messages.info(request, "It was so already.")
            return HttpResponseRedirect(change_url(conversation))

        return view


def _url_name(act: str) -> str:
    return f"conversations_conversation_{act.replace('-', '_')}"


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)  # the admin is for people who logged in
