"""A calendar server, Radicale, that somebody's mail program keeps up to date from our mails."""

import logging
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from icalendar import Calendar
from radicale import app as radicale_app
from radicale import config as radicale_config
from werkzeug.test import Client

from tests.support.recipients import CalendarOfOne

DAV = "{DAV:}"
CAL = "{urn:ietf:params:xml:ns:caldav}"
ALL = (
    '<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
    "<d:prop><c:calendar-data/></d:prop>"
    '<c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"/></c:comp-filter></c:filter>'
    "</c:calendar-query>"
)


@dataclass(slots=True)
class Server:
    """Radicale, asked as a client on the network asks it."""

    client: Client

    def ask(self, method: str, user: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Send a request as a user; give the status and the answer."""
        signed_in = "Basic " + b64encode(f"{user}:x".encode()).decode()
        answer = self.client.open(
            path, method=method, data=body, headers={"Authorization": signed_in, "User-Agent": "Client", **headers}
        )
        return answer.status_code, answer.get_data()


@dataclass(slots=True)
class CalendarOnServer(CalendarOfOne):
    """A calendar whose owner's mail program takes invitations into it and cancellations out of it."""

    server: Server | None = None
    user: str = "somebody"

    def follow(self, calendar: Calendar) -> None:
        """Do on the server what a calendar object says (RFC 5546; RFC 4791, section 4.1: METHOD is not stored)."""
        # PEP 3135: without arguments `super` does not find the class that `slots` makes anew
        super(CalendarOnServer, self).follow(calendar)
        assert self.server is not None
        (event,) = calendar.walk("VEVENT")
        path = f"/{self.user}/calendar/{event['UID']}.ics"
        if calendar["METHOD"] == "CANCEL":
            status, _ = self.server.ask("DELETE", self.user, path)
            assert status in (200, 204, 404)
            return
        del calendar["METHOD"]
        content = calendar.to_ical()
        status, answer = self.server.ask("PUT", self.user, path, content, **{"Content-Type": "text/calendar"})
        assert status in (201, 204), answer

    def on_server(self) -> dict[str, Calendar]:
        """Read every event of the server by its UID."""
        assert self.server is not None
        headers = {"Depth": "1", "Content-Type": "application/xml"}
        status, answer = self.server.ask("REPORT", self.user, f"/{self.user}/calendar/", ALL.encode(), **headers)
        assert status == 207, answer
        found = {}
        for data in ElementTree.fromstring(answer).iter(f"{CAL}calendar-data"):  # noqa: S314 -- from our own server
            calendar = Calendar.from_ical(str(data.text))
            for event in calendar.walk("VEVENT"):
                assert str(event["UID"]) not in found, "an event is there twice"
                found[str(event["UID"])] = calendar
        return found


@contextmanager
def radicale(folder: Path) -> Iterator[Server]:
    """Make a server that keeps its calendars in a folder."""
    configuration = radicale_config.load()
    configuration.update(
        {
            "auth": {"type": "none"},
            "storage": {"filesystem_folder": str(folder)},
            "rights": {"type": "owner_only"},
        },
        "test",
    )
    logging.getLogger("radicale").setLevel(logging.CRITICAL)
    yield Server(Client(radicale_app.Application(configuration)))


def calendar_of(server: Server, user: str) -> CalendarOnServer:
    """Make a user's calendar on the server."""
    status, answer = server.ask("MKCALENDAR", user, f"/{user}/calendar/")
    assert status == 201, answer
    return CalendarOnServer(server=server, user=user)
