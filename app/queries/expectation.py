"""What would come of a request if it were sent now."""


class Expected:
    """To be written."""
