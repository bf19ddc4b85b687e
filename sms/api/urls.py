"""Texts in the API."""

from nevermisscall.api.routes import endpoint
from sms.api import views

urlpatterns = [
    *endpoint("api/sms/send", views.SendView, "sms-send"),
    *endpoint("api/messages/", views.MessageListView, "message-list"),
    *endpoint("api/messages/<int:pk>", views.MessageView, "message"),
    *endpoint("api/messages/<int:pk>/media/<int:position>", views.MediaView, "message-media"),
]
