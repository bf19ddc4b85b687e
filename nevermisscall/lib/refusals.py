"""What the product's own rules do not allow."""


class Refusal(Exception):
    """Somebody asked for something that the rules forbid as things are now. Nothing was done.

    `code` is stable, lower case, for programs; `message` is one sentence for people. The API answers 409 with both.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
