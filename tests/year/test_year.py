"""A plan's year: the same file, the same figures; nobody is lost; faults are named."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner, Result
from playwright.sync_api import Browser

from app.cli_rules import simulate
from app.dev.surroundings import ROOT

YEARS = ROOT / "docs" / "years"
SHORT = """
policy = "blue-shield-promise-medi-cal"
start = 2026-01-05
days = 21
[arrivals]
a_year = 2000
[[director]]
id = "lee"
number = 2
hours = { mon = ["08:00-12:00"], tue = ["08:00-12:00"], wed = ["08:00-12:00"], thu = ["08:00-12:00"] }
"""


def test_the_same_file_gives_the_same_figures_to_the_byte(tmp_path: Path) -> None:
    first, second = play(tmp_path, SHORT, "--json"), play(tmp_path, SHORT, "--json")
    assert first.exit_code == 0, first.output
    assert first.output == second.output
    assert play(tmp_path, SHORT.replace("[arrivals]", "seed = 9\n[arrivals]", 1), "--json").output != first.output


def test_everybody_who_asked_is_refused_has_ended_or_is_still_there(tmp_path: Path) -> None:
    found = json.loads(play(tmp_path, SHORT, "--json").output)
    ended = found["talks"] + sum(sum(found[name].values()) for name in ("refused", "closed_otherwise", "still_open"))
    assert sum(found["asked"].values()) == ended > 50
    assert found["waits"]["all"]["count"] == found["talks"] == sum(found["waits_by_days"])
    assert found["waits"]["all"]["median"] <= found["waits"]["all"]["p90"] <= found["waits"]["all"]["p95"]


def test_one_director_more_is_played_on_the_same_draw(tmp_path: Path) -> None:
    found = json.loads(play(tmp_path, SHORT, "--json").output)
    more, longer = found["variants"]
    assert more["what"].startswith("one director more, like lee-")
    assert more["booked_share"] < found["booked_share"]
    assert longer["booked_share"] < found["booked_share"]
    assert more["waits"]["all"]["median"] <= found["waits"]["all"]["median"]


def test_the_page_is_whole_and_says_what_the_figures_say(tmp_path: Path) -> None:
    """No script, nothing from elsewhere, a text for each picture."""
    page = tmp_path / "year.html"
    found = json.loads(play(tmp_path, SHORT, "--json", "--html", str(page)).output)
    written = page.read_text()
    tree = ElementTree.fromstring(written.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 -- our own page
    assert not [part for part in tree.iter() if part.tag in ("script", "link", "img", "iframe")]
    pictures = list(tree.iter("svg"))
    assert pictures
    assert all(picture.find("title") is not None and picture.find("desc") is not None for picture in pictures)
    rows = [[cell.text for cell in row] for row in tree.iter("tr")]
    for director in found["directors"]:
        assert any(row[:3] == [director["name"], str(director["decided"]), str(director["talks"])] for row in rows)


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
def test_the_page_is_accessible_and_fits_a_telephone(browser: Browser, tmp_path: Path, width: int) -> None:
    file = tmp_path / "year.html"
    assert play(tmp_path, SHORT, "--html", str(file)).exit_code == 0
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(file.as_uri())
    assert Axe().run(page).violations_count == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_terminal_shows_waits_deadlines_directors_and_what_would_change(tmp_path: Path) -> None:
    said = play(tmp_path, SHORT).output
    for words in ("From the request to the talk", "plan's promise", "lee-1", "one hour more a day for each director"):
        assert words in said


@pytest.mark.parametrize("file", sorted(YEARS.glob("*.toml")), ids=lambda file: file.stem)
def test_the_years_that_come_with_it_can_be_played(file: Path, tmp_path: Path) -> None:
    text = file.read_text().replace("start = 2026-01-05", "start = 2026-01-05\ndays = 7", 1)
    assert play(tmp_path, text).exit_code == 0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('"blue-shield-promise-medi-cal"', '"nobody"'), "policy: 'nobody' is neither the id of a policy"),
        (("a_year = 2000", "a_year = -1"), "arrivals.a_year"),
        (("a_year = 2000", 'a_year = 5\nhourly = "x"'), "arrivals.hourly: is no key here"),
        (("days = 21", "days = 0"), "days"),
        (("number = 2", "number = 0"), "director[0].number"),
        (('"08:00-12:00"', '"12:00-08:00"'), "director[0].hours.mon"),
        (('id = "lee"', 'id = "lee"\npeers = ["who"]'), "director[0].peers[0]: 'who' is no director here"),
        (("[arrivals]", "[arrivals"), "is no TOML"),
    ],
)
def test_each_fault_is_named_with_its_place_and_ends_with_status_2(
    change: tuple[str, str], says: str, tmp_path: Path
) -> None:
    result = play(tmp_path, SHORT.replace(*change))
    assert result.exit_code == 2
    assert says in result.output
    assert "Traceback" not in result.output


def test_a_page_goes_with_a_year_only(tmp_path: Path) -> None:
    result = CliRunner().invoke(simulate, [str(tmp_path / "x.toml"), "--html", "y.html"])
    assert result.exit_code == 2
    assert "--html goes with --year only" in result.output


def play(folder: Path, text: str, *options: str) -> Result:
    file = folder / "year.toml"
    file.write_text(text)
    return CliRunner().invoke(simulate, [str(file), "--year", *options])
