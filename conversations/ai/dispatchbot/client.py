"""The client of DispatchBot's one call."""

import json

import httpx2

from conversations.ai import answers, remote
from conversations.ai.dispatchbot.mapping import to_json
from conversations.ai.protocol import Answer, DispatcherError, Request


class DispatchBot:
    """Ask `POST {url}/analyze-conversation`.

    Safe to repeat: the call only analyses. One that could not be made is made once more if half of the time is left.
    """

    name = "dispatchbot"

    def __init__(self, *, url: str, api_key: str) -> None:
        self._url = url.rstrip("/") + "/analyze-conversation"
        self._headers = {
            **({"Authorization": f"Bearer {api_key}"} if api_key else {}),  # one on this machine may want none
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # the limit of an answer's size counts what is received
        }
        self._client = remote.open_client()

    def answer(self, request: Request, *, deadline: float) -> Answer:
        """Return its answer within `deadline` seconds; raises `DispatcherError`."""
        body = json.dumps(to_json(request)).encode()
        with remote.within(deadline) as budget:
            answered = remote.second_try(lambda: self._post(body, budget), budget, deadline)
        data = answers.read_json(answered)
        if data.get("success") is not True:
            raise DispatcherError("`success` is not true")
        return answers.parse(data, free_slots=request.free_slots)

    def close(self) -> None:
        """Close the connections that were kept."""
        self._client.close()

    def _post(self, body: bytes, budget: remote.Budget) -> bytes:
        try:
            # Raw: a body that is packed all the same is not unpacked past the limit, it is just not JSON.
            with self._client.stream("POST", self._url, content=body, headers=self._headers) as response:
                response.raise_for_status()
                return b"".join(response.iter_raw())
        except httpx2.HTTPError as error:
            raise remote.failure(error, budget) from None
