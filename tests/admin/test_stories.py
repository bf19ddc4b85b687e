"""What the page of one call, text, conversation, webhook or fact tells."""

from calls.alerts.models import AlertCall
from calls.models import Call
from conversations.models import Conversation
from nevermisscall.lib.admin import change_url
from nevermisscall.outbox.models import Fact
from nevermisscall.webhooks.models import WebhookReceipt
from sms.models import Message
from tests.admin.conftest import deliver_facts
from tests.fixtures.webhooks import TwilioPhone


def test_a_call_tells_its_whole_story_in_order(staff, missed_call):
    call = missed_call()
    page = staff.get(change_url(call))
    told = [moment.title for moment, _ in page.context["timeline"]]

    assert told == [
        "Call arrived",
        "Owner's leg progressed",
        "Owner picked up, heard the whisper",
        "Forwarding ended",
        "Outcome decided",
        "Call ended",
        "Text-back queued",
        "Request to Twilio",
        "Twilio reports: sent to the carrier",
        "Twilio reports: delivered",
    ]
    assert "Nobody answered" in page.text


def test_its_lines_lead_to_the_webhooks_and_its_panel_to_conversation_and_text(staff, missed_call):
    call = missed_call()
    page = staff.get(change_url(call)).text

    for receipt in WebhookReceipt.objects.filter(key__startswith=call.call_sid):
        assert change_url(receipt) in page
    assert change_url(Conversation.objects.get()) in page
    assert change_url(Message.objects.get()) in page
    assert "Hi! I missed your call" in page


def test_the_text_of_a_call_is_not_told_to_those_who_may_not_see_texts(log_in, missed_call):
    call = missed_call()
    page = log_in("calls.view_call").get(change_url(call))

    assert page.status_code == 200
    assert "Hi! I missed your call" not in page.text


def test_a_call_tells_how_the_owner_was_called_about_it(staff, acme, missed_call, client, time_machine):
    time_machine.move_to("2026-03-02T17:00:00Z")  # noon at Acme
    acme.call_owner_when_undelivered = True
    acme.save()
    call = missed_call(status="undelivered", ErrorCode="30005")
    alert = AlertCall.objects.get()
    phone = {"CallSid": "CA" + "5" * 32, "AccountSid": call.account_sid, "Digits": "1"}
    TwilioPhone(client).post(f"/webhooks/twilio/alert/{alert.token}/press", phone)
    page = staff.get(change_url(call))

    told = [moment.title for moment, _ in page.context["timeline"] if "the owner" in moment.title.lower()]
    assert told == ["Call to the owner queued", "Call to the owner picked up", "The owner pressed 1"]
    assert change_url(alert) in page.text
    assert "Accepted" in page.text


def test_a_call_says_why_nobody_was_texted(staff, acme, client):
    twilio = TwilioPhone(client)
    twilio.incoming_call(From="anonymous")
    twilio.dial_action(From="anonymous", DialCallStatus="busy")
    deliver_facts()
    page = staff.get(change_url(Call.objects.get())).text

    assert "the caller is not one we text" in page
    assert "Text to the owner" in page
    assert "withheld" in page


def test_a_failed_text_explains_its_code(staff, missed_call):
    missed_call(status="undelivered", ErrorCode="30006")
    page = staff.get(change_url(Message.objects.filter(purpose="missed_call").get())).text

    assert "landline or unreachable carrier" in page
    assert "https://www.twilio.com/docs/api/errors/30006" in page


def test_a_conversation_reads_like_a_chat(staff, missed_call):
    missed_call()
    lines = staff.get(change_url(Conversation.objects.get())).context["lines"]

    assert [line.text[:22] for line in lines] == ["Missed call", "Hi! I missed your call"]
    assert lines[1].note == "Delivered"


def test_a_webhook_shows_what_came_and_what_went_back(staff, missed_call):
    call = missed_call()
    page = staff.get(change_url(WebhookReceipt.objects.get(kind="call", key__contains="ringing"))).text

    assert "<th>CallSid</th><td>" + call.call_sid in page
    assert "SAN FRANCISCO" in page
    assert "&lt;Dial timeout=" in page


def test_what_strangers_send_is_never_markup(staff, acme, client):
    TwilioPhone(client).incoming_call(From="<script>alert(1)</script>", CallerCity="<b>x</b>")
    call = Call.objects.get()

    for url in (change_url(call), change_url(WebhookReceipt.objects.get()), "/admin/calls/call/", "/admin/"):
        page = staff.get(url).text
        assert "<script>alert(1)" not in page
        assert "<b>x</b>" not in page


def test_a_fact_is_shown_as_other_systems_get_it(staff, missed_call):
    missed_call()
    page = staff.get(change_url(Fact.objects.get(topic="call.missed"))).text

    assert "&quot;event_type&quot;: &quot;call.missed&quot;" in page
    assert "conversations.text_back" in page
