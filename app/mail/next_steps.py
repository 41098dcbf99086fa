"""What happens next with a request, for its acknowledgement, by the status after asking."""

_SEND = "Please send it on the page of the request."

_TALK = {
    "awaiting_information": "Before a time can be found, the plan needs the clinical information that answers the"
    f" denial. {_SEND}",
    "awaiting_review": "A nurse reviews what you sent first. If the nurse cannot approve it, a time is found for you.",
}
_TALK_OTHERWISE = "As soon as a time is found, you and the medical director each get an invitation."

_WITHOUT_CALL = {
    "awaiting_information": "Before it can be reviewed, the plan needs the clinical information that answers the"
    f" denial. {_SEND}",
}
_WITHOUT_CALL_OTHERWISE = (
    "A nurse reviews it. If the nurse cannot approve it, a medical director decides, without a call. You are told the"
    " outcome, and until then you can ask for a talk as well."
)


def next_step(status: str, *, talk: bool) -> str:
    """Say what the office can expect next."""
    if talk:
        return _TALK.get(status, _TALK_OTHERWISE)
    return _WITHOUT_CALL.get(status, _WITHOUT_CALL_OTHERWISE)
