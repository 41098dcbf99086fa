"""What Peerline refuses, in words a person can act on. The edges turn these into pages and exit codes."""


class Refused(Exception):
    """A request that cannot be done. `message` is a plain sentence with the remedy; nothing was changed."""

    status = 409

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(Refused):
    """There is no such thing, or it is not for the one who asks; the two look the same from outside."""

    status = 404


class Forbidden(Refused):
    """Known, but not for this role."""

    status = 403


class Conflict(Refused):
    """The state has changed meanwhile (statement A6), or does not allow this."""

    status = 409


class Invalid(Refused):
    """What was typed cannot be used. `fields` maps the name of each field to what is wrong and how to put it right."""

    status = 422

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__("Some answers need your attention.")
        self.fields = fields
