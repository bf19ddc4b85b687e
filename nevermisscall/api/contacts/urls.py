"""Contacts and their consents in the API."""

from nevermisscall.api.contacts import views
from nevermisscall.api.routes import endpoint

urlpatterns = [
    *endpoint("api/contacts/", views.ContactListView, "contact-list"),
    *endpoint("api/contacts/<int:pk>", views.ContactView, "contact"),
    *endpoint("api/contacts/<int:pk>/consents", views.ConsentListView, "consent-list"),
]
