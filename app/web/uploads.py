"""Files that a form sends: read outside of any transaction, kept up to a size, looked at, stored, and only then told.

A file that is not taken never costs the form that it came with: it is counted, dropped and refused by name.
"""

from collections.abc import Callable, Sequence
from typing import IO, Any, BinaryIO, TypeVar, cast

from flask import Flask, Request, current_app, g, request
from sqlalchemy.orm import Session

from app.consults import documents
from app.consults.documents import AT_ONCE, Taken
from app.db import in_transaction
from app.documents.arriving import Arrived, refuse, take_in
from app.documents.checking import LARGEST
from app.errors import Refused
from app.models import RefusedBecause
from app.web.edge import db_session, now, peerline

View = TypeVar("View", bound=Callable[..., Any])

#: name of the field
FIELD = "files"
#: what a whole form may have; a file that is larger than the largest is read to its end and dropped, up to this
MOST_BYTES = 2 * AT_ONCE * LARGEST


def takes_files(view: View) -> View:
    """Mark a route as one that takes files; written between `allow` and the function."""
    view.takes_files = True  # type: ignore[attr-defined]  # a mark on the function, read below
    return view


class Incoming:
    """What is sent of one file: kept up to the largest size, counted beyond it. `file` None: only counted."""

    def __init__(self, file: BinaryIO | None) -> None:
        self.file = file
        self.size = 0
        self.failed = False

    def write(self, content: bytes) -> int:
        """Take the next piece."""
        room = LARGEST + 1 - self.size
        self.size += len(content)
        if self.file is not None and room > 0 and not self.failed:
            try:
                self.file.write(content[:room])
            except OSError:
                self.failed = True
        return len(content)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place in what was kept."""
        return self.file.seek(offset, whence) if self.file else 0

    def close(self) -> None:
        """Let go of what was kept."""
        if self.file:
            self.file.close()


class UploadRequest(Request):
    """A request whose files go into nameless files of the folder of documents, never anywhere else."""

    files_begun = 0

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if not _takes_files(self.endpoint):
            return cast(IO[bytes], Incoming(None))
        self.files_begun += bool(filename)
        incoming = Incoming(None)
        if filename and self.files_begun <= AT_ONCE:
            try:
                incoming.file = peerline().process.store.incoming()
            except OSError:
                incoming.failed = True
        return cast(IO[bytes], incoming)


def install(app: Flask) -> None:
    """Read files as above. To be called before whatever reads the form."""
    app.request_class = UploadRequest
    app.before_request(_prepare)


def _prepare() -> None:
    if request.mimetype == "multipart/form-data" and _takes_files(request.endpoint):
        request.max_content_length = MOST_BYTES
        # a slow line must not hold a connection and its transaction for as long as the files take
        _let_go()


def _takes_files(endpoint: str | None) -> bool:
    return getattr(current_app.view_functions.get(endpoint or ""), "takes_files", False)


def receive(denial_id: int, *, by: str, others: Sequence[int] = ()) -> Taken | None:
    """Take the files of this form down beside a case, in a transaction of their own; None: it has none.

    They are there whatever becomes of the rest of the form. To be called before anything was written; may take
    seconds. Raises Conflict where no information is taken.
    """
    if "taken" not in g:
        sent = [each for each in request.files.getlist(FIELD) if each.filename]
        g.taken = _receive(denial_id, by, others, sent) if sent else None
    return cast(Taken | None, g.taken)


def _receive(denial_id: int, by: str, others: Sequence[int], sent: Sequence[Any]) -> Taken:
    _let_go()
    process = peerline().process
    arrived = [_arrived(cast(Incoming, each.stream), str(each.filename)) for each in sent]

    def put_down(session: Session) -> Taken:
        return documents.receive(session, denial_id, arrived, others=others, setup=process.setup, by=by, now=now())

    try:
        taken = in_transaction(process.sessions, put_down)
    except Refused:
        _remove([each.stored.stored_as for each in arrived if each.stored])
        raise
    _remove(taken.spare)
    process.nudger.nudge("scan", "assign", "deliver")
    return taken


def _arrived(incoming: Incoming, name: str) -> Arrived:
    if incoming.failed:
        return refuse(name, incoming.size, RefusedBecause.NOT_STORED)
    if incoming.file is None:
        return refuse(name, incoming.size, RefusedBecause.TOO_MANY)
    return take_in(incoming.file, name, incoming.size, peerline().process.store)


def _remove(names: Sequence[str]) -> None:
    for name in names:
        peerline().process.store.remove(name)


def _let_go() -> None:
    """Give the connection back; nothing was written yet."""
    db_session().rollback()
