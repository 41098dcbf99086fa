"""What documents say in one word, as people read it: why a file is not taken and what to do, kinds, states."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.consults.documents import Taken
from app.models import DocumentKind, RefusedBecause, WithdrawnBecause


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTaken:
    """Why a file is not taken, and what to do."""

    title: str
    more: str


KINDS: Mapping[DocumentKind, str] = {
    DocumentKind.PDF: "PDF",
    DocumentKind.TIFF: "TIFF",
    DocumentKind.PNG: "PNG picture",
    DocumentKind.JPEG: "JPEG picture",
}

_AS_PDF = "Open it, print it to a new PDF, and send that."
_FAX = "Or fax it to the plan's desk."

REFUSED: Mapping[RefusedBecause, NotTaken] = {
    RefusedBecause.EMPTY: NotTaken(title="It is empty", more="Save it once more and send it again."),
    RefusedBecause.TOO_LARGE: NotTaken(
        title="It is larger than 20 MB",
        more="Send it in parts, or scan it again with 200 to 300 dots an inch in black and white.",
    ),
    RefusedBecause.TOO_MANY: NotTaken(title="Ten files are taken at a time", more="Send it now, on its own."),
    RefusedBecause.OTHER_KIND: NotTaken(
        title="It is neither PDF, TIFF, PNG nor JPEG", more=f"Print it to a PDF and send that. {_FAX}"
    ),
    RefusedBecause.NAME_DISAGREES: NotTaken(
        title="Its name says another kind than its content",
        more="Give it the ending that fits: .pdf, .tif, .png or .jpg. If you do not know which, print it to a PDF.",
    ),
    RefusedBecause.TWO_IN_ONE: NotTaken(title="It is two kinds of file at once", more=_AS_PDF),
    RefusedBecause.DAMAGED: NotTaken(title="It is damaged and cannot be read", more=f"{_AS_PDF} {_FAX}"),
    RefusedBecause.ENCRYPTED: NotTaken(title="It is locked with a password", more=f"{_AS_PDF} {_FAX}"),
    RefusedBecause.SCRIPT: NotTaken(title="It holds a script or a form that runs one", more=_AS_PDF),
    RefusedBecause.LAUNCH: NotTaken(title="It opens or sends something by itself", more=_AS_PDF),
    RefusedBecause.FILES_INSIDE: NotTaken(
        title="Other files are attached inside of it",
        more="Send each of these on its own, and print this one to a new PDF.",
    ),
    RefusedBecause.TOO_MANY_PAGES: NotTaken(title="It has too many pages", more="Send it in parts."),
    RefusedBecause.TOO_MUCH_INSIDE: NotTaken(
        title="It unpacks to more than we open", more="Scan it again with 200 to 300 dots an inch, or send it in parts."
    ),
    RefusedBecause.VIRUS: NotTaken(
        title="The virus scanner refused it",
        more=f"Have your machine looked at, then send the document from another one. {_FAX}",
    ),
    RefusedBecause.NOT_STORED: NotTaken(
        title="It could not be stored just now", more=f"The fault is ours. Send it again in a few minutes. {_FAX}"
    ),
}

WITHDRAWN: Mapping[WithdrawnBecause, str] = {
    WithdrawnBecause.WRONG_PATIENT: "It is about another patient",
    WithdrawnBecause.BY_MISTAKE: "It was sent by mistake",
    WithdrawnBecause.UNREADABLE: "It cannot be read",
}


def what_came_of_it(taken: Taken) -> str:
    """Say what came of sending files, without their names."""
    said = []
    if taken.kept:
        said.append("1 document is received." if taken.kept == 1 else f"{taken.kept} documents are received.")
    if taken.refused:
        many = "1 file was" if taken.refused == 1 else f"{taken.refused} files were"
        said.append(f"{many} not taken; the list says why and what to do.")
    if taken.left_out:
        many = "1 file was" if taken.left_out == 1 else f"{taken.left_out} files were"
        said.append(f"{many} not taken: that is more than we take within an hour. Send the rest later, or by fax.")
    return " ".join(said)


def file_size(size: int) -> str:
    """Write a size as people read it."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} KB"
    return f"{size / 1_000_000:.1f} MB"
