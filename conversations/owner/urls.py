"""Links to files."""

from django.urls import path

from conversations.owner import views

app_name = "owner"
urlpatterns = [
    path("media/<str:token>", views.media, name="media"),
]
