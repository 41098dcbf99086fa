"""What was answered by mail, in words: for both sides, and for the desk why something is not believed."""

from collections.abc import Collection, Mapping

from app.models import Answer, InboundKind, Recipient
from app.queries.answers import Answered, Answers
from app.queries.office import RequestView
from app.web.times import clock, when

ANSWERED: Mapping[Answer, str] = {
    Answer.ACCEPTED: "accepted",
    Answer.TENTATIVE: "may come",
    Answer.DECLINED: "declined",
    Answer.PROPOSED: "proposed another time",
}

#: why an answer is not acted on by itself
DOUBTS: Mapping[str, str] = {
    "inside_a_mail": "It was passed on inside another mail.",
    "other_sender": "It came from another address than the one that was asked.",
    "another_copy": "It answers a mail that went to somebody else.",
    "automatic": "A program sent it, not a person.",
    "another_version": "It does not answer the invitation that holds now.",
    "unsigned": "Its sender's mail server has not signed it.",
    "no_token": "It does not name the mail that it answers.",
}

KINDS: Mapping[InboundKind, str] = {
    InboundKind.REPLY: "Answer of a calendar",
    InboundKind.BOUNCE: "Mail that came back",
    InboundKind.LETTER: "Written by somebody",
    InboundKind.AUTOMATIC: "Automatic mail",
    InboundKind.UNREADABLE: "Could not be read by program",
}

#: what came of a mail; what is not here is a doubt, or the mark of an automatic mail
OUTCOMES: Mapping[str, str] = {
    "accepted": "Accepted. Shown to both sides.",
    "tentative": "May come. Shown to both sides.",
    "declined": "Declined. The consult goes back in line after fifteen minutes, unless the director keeps it.",
    "proposed": "Another time is proposed; a person decides.",
    "to_a_person": "Declined by the office; a person decides.",
    "too_near": "Declined too shortly before the talk to go back in line by itself; a person decides.",
    "too_often": "Declined once more; a person decides.",
    "older": "A later answer had come before it. Nothing was changed.",
    "repeated": "The same answer had come before. Nothing was changed.",
    "out_of_date": "It answers an invitation that holds no more. Nothing was changed.",
    "unknown_event": "It is about no talk of ours. Nothing was changed.",
    "not_asked": "It answers for somebody who was not invited. Nothing was changed.",
    "ignored": "It asks for nothing that is done here.",
    "to_look_at": "A calendar sent something that no program can decide; a person looks.",
    "failed": "It did not arrive, or could not be dealt with; a person was called.",
    "known": "It was known already that this mail did not arrive.",
    "unknown_mail": "It does not say which mail did not arrive; a person was called.",
    "delayed": "The mail is late and still being tried.",
    "to_read": "Somebody wrote; a person reads it.",
    "too_large": "Too large: only the beginning was kept; a person reads it.",
    "unreadable": "Not to be taken apart by program; a person reads it.",
    "our_own": "Our own mail, which came back as it left. Ignored.",
}


#: how a reader is told of what he answered himself
YOU = "You"


def answered(name: str, answer: Answered, *, unsure: bool = False) -> str:
    """Say who answered what and when: "Dana Lee, MD accepted, Monday 2 March, 9:12 am Eastern"."""
    sure = " (not verified)" if unsure and not answer.trusted else ""
    keeps = "keep" if name == YOU else "keeps"
    kept = f", and {keeps} the talk since {clock(answer.kept_at)}" if answer.kept_at else ""
    return f"{name} {ANSWERED[answer.answer]}{sure}, {when(answer.at)}{kept}"


def director_name(shown: RequestView) -> str:
    """Name the director of a talk."""
    return shown.talks_with.name if shown.talks_with else "The medical director"


def answered_by_both(
    said: Answers, director: str, office: str, *, unsure: bool = False, hidden: Collection[Answer] = ()
) -> list[str]:
    """Say what each side, by its name for the reader, answered. `hidden`: answers of the director that are not told."""
    names = {Recipient.DIRECTOR: director, Recipient.OFFICE: office}
    return [
        answered(name, said[side], unsure=unsure)
        for side, name in names.items()
        if side in said and not (side is Recipient.DIRECTOR and said[side].answer in hidden)
    ]


def outcome(word: str) -> str:
    """Say what came of a mail."""
    return OUTCOMES.get(word) or DOUBTS.get(word) or f"Nobody wrote it ({word}). Ignored."
