"""The menu of each role. A page that is not there is left out."""

from flask import Flask, current_app, url_for

from app.models import StaffRole
from app.web.sessions import Reader

#: label -> endpoint, in the order of the menu; the first is where a sign-in leads
MENUS: dict[StaffRole, tuple[tuple[str, str], ...]] = {
    StaffRole.NURSE: (("Worklist", "nurse.worklist"),),
    StaffRole.DIRECTOR: (("My day", "director.day"), ("My time", "director.time"), ("Calendars", "director.calendars")),
    StaffRole.COORDINATOR: (
        ("Today", "coordinator.today"),
        ("Queues", "coordinator.queues"),
        ("New call", "coordinator.find"),
        ("Needs attention", "coordinator.attention"),
        ("What follows", "coordinator.what_follows"),
        ("Report", "reports.show"),
        ("Search", "coordinator.searching"),
    ),
    StaffRole.ADMINISTRATOR: (
        ("People", "administrator.people"),
        ("Directors", "administrator.directors"),
        ("Policies", "administrator.policies"),
        ("Report", "reports.show"),
        ("Letters", "administrator.letters"),
        ("Messages", "administrator.messages"),
        ("History", "administrator.history"),
        ("Calls to confirm", "coordinator.late"),
    ),
}

#: where a role reads one consult: an endpoint that takes its `reference`
CONSULT_PAGES: dict[StaffRole, str] = {
    StaffRole.NURSE: "nurse.consult",
    StaffRole.DIRECTOR: "director.consult",
    StaffRole.COORDINATOR: "coordinator.consult",
    StaffRole.ADMINISTRATOR: "administrator.consult",
}


def install(app: Flask) -> None:
    """Give templates `menu(role)`."""
    app.jinja_env.globals.update(menu=menu, home_of=home_of)


def menu(role: StaffRole) -> list[tuple[str, str]]:
    """List the pages of a role that there are, as (label, endpoint)."""
    return [(label, endpoint) for label, endpoint in MENUS[role] if endpoint in current_app.view_functions]


def home(role: StaffRole) -> str:
    """Return the endpoint where a role begins."""
    pages = menu(role)
    return pages[0][1] if pages else "session.me"


def consult_page(role: StaffRole, reference: str) -> str:
    """Return the address of a role's page of one consult, or of where the role begins if it has none."""
    endpoint = CONSULT_PAGES[role]
    if endpoint in current_app.view_functions:
        return url_for(endpoint, reference=reference)
    return url_for(home(role))


def home_of(reader: Reader | None) -> str:
    """Return the endpoint where a reader begins: his role's first page, or the office's."""
    return home(reader.role) if reader else "office.start"
