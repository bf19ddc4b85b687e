"""Files of texts: linked in a conversation, and handed out to those who may see it."""

from tests.api.conversations import refusal, url


def test_a_customers_picture_is_linked_and_handed_out(api, make_picture, make_conversation):
    media = make_picture(b"\xff\xd8\xffpicture")
    conversation = make_conversation()
    conversation.entries.create(message=media.message)
    [link] = api.get(url(conversation)).json()["messages"][0]["media"]
    answer = api.get(link.removeprefix("https://nmc.example.com"))

    assert link == f"https://nmc.example.com/api/messages/{media.message_id}/media/0"
    assert api.get(f"/api/messages/{media.message_id}").json()["media"] == [link]
    assert answer.getvalue() == b"\xff\xd8\xffpicture"
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"] == f'inline; filename="text-{media.message_id}-0.jpg"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_file_that_browsers_might_run_is_for_saving(api, make_picture):
    media = make_picture(b"%PDF", "application/pdf")
    answer = api.get(f"/api/messages/{media.message_id}/media/0")

    assert answer.getvalue() == b"%PDF"
    assert answer.headers["Content-Disposition"].startswith("attachment;")


def test_a_file_that_is_not_there_says_why(api, make_picture):
    answers = [
        make_picture(state="pending", file=""),
        make_picture(state="refused", file="", refusal="video/x-ms-wmv is not a type we keep"),
        make_picture(file="texts/00/gone.jpg"),
    ]
    asked = [api.get(f"/api/messages/{media.message_id}/media/0") for media in answers]

    assert [refusal(answer) for answer in asked] == [(409, "MEDIA_PENDING"), (409, "MEDIA_REFUSED"), (404, "NOT_FOUND")]
    assert "x-ms-wmv" in asked[1].json()["error"]["message"]
    assert api.get(f"/api/messages/{answers[0].message_id}/media/1").status_code == 404
