"""Conversations in the API, below `/api/` and, as the first clients know them, without it."""

from django.urls import URLPattern

from conversations.api import views
from nevermisscall.api.routes import endpoint
from nevermisscall.api.views import ApiView


def _both(route: str, view: type[ApiView], name: str) -> list[URLPattern]:
    return endpoint(f"api/{route}", view, name, also=(route,))


urlpatterns = [
    *_both("conversations/", views.ConversationListView, "conversation-list"),
    *_both("conversations/<int:pk>", views.ConversationView, "conversation"),
    *_both("conversations/<int:pk>/messages/", views.MessageListView, "conversation-messages"),
    *_both("conversations/<int:pk>/takeover", views.TakeoverView, "conversation-takeover"),
    *_both("conversations/<int:pk>/reply", views.ReplyView, "conversation-reply"),
    *_both("conversations/<int:pk>/release", views.ReleaseView, "conversation-release"),
    *_both("conversations/<int:pk>/complete", views.CompleteView, "conversation-complete"),
]
