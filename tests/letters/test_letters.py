"""Letters as PDF: what is typed comes out as it was typed, nothing is left open, everybody can read them."""

import hashlib
import io
import re
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from click.testing import CliRunner

from app.cli import main
from app.config import POLICIES_DIR
from app.letters import sample
from app.letters.fields import FIELDS, Values
from app.letters.render import FONTS, Incomplete, Template, TemplateFault, Templates, Unprintable
from app.models import LetterKind
from app.policies import load_policies
from tests.letters.reading import tags, words
from tests.scheduling.build import rules

NOW = datetime(2026, 3, 6, 15, 0, 7, 123456, tzinfo=UTC)
OURS = Templates()
NC, PROMISE = "blue-cross-nc-commercial", "blue-shield-promise-medi-cal"
POLICIES = load_policies(POLICIES_DIR)


def letter(kind: LetterKind, plan: str = PROMISE, **more: str) -> str:
    """Set a letter with made-up values and read it back."""
    return words(OURS.set(OURS.find(plan, kind), filled(kind, plan, **more), now=NOW))


def filled(kind: LetterKind, plan: str = PROMISE, **more: str) -> Values:
    return {**sample.values(POLICIES.current(plan), kind), **more}


def small(source: str, folder: Path | None = None) -> Template:
    return Template(name="small", source=f'#show: letter.with(title: "Small")\n{source}', folder=folder)


@pytest.mark.parametrize(
    "typed",
    [
        "#let x = 1 $x^2$ *bold* _it_ @ref <label> `raw` [content] // no comment /* nor this */",
        '\\ \\u{1F600} "quoted" \'single\' -- --- ... ~ #read("/etc/passwd") #sys.inputs.letter',
        "= no heading\n- no list\n+ none\n/ none: either",
        "emoji 🙂🏥👍🏽 and an e\u0301 of two signs",
        "x" * 400 + " " + "long-" * 60,
        "Ελληνικά, кириллица, Tiếng Việt",
        '[member_name] field("member_name")',
    ],
)
def test_what_is_typed_comes_out_as_it_was_typed(typed: str) -> None:
    """M5: nothing that somebody types is markup, an instruction, or lost."""
    said = letter(LetterKind.UPHELD, outcome_note=typed)
    assert "".join(typed.split()) in "".join(said.split())
    assert "root:" not in said


def test_words_from_right_to_left_come_out(tmp_path: Path) -> None:
    """Each word is whole; readers differ in which of two they take first."""
    said = letter(LetterKind.UPHELD, outcome_note="שלום עולם, السلام عليكم")
    for word in ("שלום", "עולם", "السلام"):
        assert word in said or word[::-1] in said


def test_a_letter_is_tagged_titled_and_says_its_language() -> None:
    """PDF/UA-1: a screen reader finds headings, paragraphs, a language, and a title without anybody in it."""
    content = OURS.set(OURS.find(PROMISE, LetterKind.UPHELD), filled(LetterKind.UPHELD), now=NOW)
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang) == "en"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        title = "The decision stands: outcome of your request"
        assert str(pdf.docinfo["/Title"]) == title
        with pdf.open_metadata() as metadata:
            assert metadata["dc:title"] == title
            assert metadata["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"
        assert "/StructTreeRoot" in pdf.Root
        assert "/OpenAction" not in pdf.Root
        assert pdf.attachments == {}
    kinds = tags(content)
    assert kinds.count("/H1") == 1
    assert kinds.count("/H2") >= 3
    assert "/P" in kinds


def test_what_stands_names_the_reasons_who_decided_and_both_ways_to_go_on() -> None:
    """BSP-1, BSP-2, BSP-8, NC-5: each way with address and last day, and that this consult moves neither."""
    said = letter(LetterKind.UPHELD)
    for part in (
        "Dana Lee, MD, medical director. Telephone 919-555-0110.",
        "Not medically necessary",
        "InterQual 2026, Imaging, Spine",
        "do not show six weeks of conservative treatment",
        "It was told by telephone on Monday 2 March 2026",
        "Neither a consult nor a reconsideration changes the last day of either.",
        "Provider dispute (policy 10.18.20.1)",
        "PO Box 8309 Chico, CA 95927-8309 Last day: Tuesday 2 March 2027.",
        "Appeals and Grievances Department 3840 Kilroy Airport Way",
        "Last day: Saturday 29 August 2026.",
        "PCR-000042",
    ):
        assert part in said
    assert "90 days from the day on which the claim is decided" in letter(LetterKind.UPHELD, NC)


@pytest.mark.parametrize("kind", [kind for kind in LetterKind if not kind.for_member])
def test_every_letter_to_the_office_names_who_decided_with_a_number(kind: LetterKind) -> None:
    """BSP-1."""
    assert "Dana Lee, MD, medical director. Telephone 919-555-0110." in letter(kind)


@pytest.mark.parametrize("plan", [NC, PROMISE])
@pytest.mark.parametrize("kind", list(LetterKind))
def test_every_letter_of_the_shipped_plans_can_be_made(plan: str, kind: LetterKind) -> None:
    assert sample.faults(OURS, POLICIES.current(plan), kind) == []


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        (LetterKind.UPHELD, ("reasons", "criteria", "clinical_reasons", "director_phone", "member_appeal_until")),
        (LetterKind.DISCUSSED, ("outcome_note", "provider_appeal_address")),
        (LetterKind.OVERTURNED, ("director_name",)),
        (LetterKind.MEMBER_APPROVED, ("member_phone",)),
    ],
)
def test_a_letter_with_a_hole_is_not_made_and_every_hole_is_named(kind: LetterKind, missing: tuple[str, ...]) -> None:
    with pytest.raises(Incomplete) as refused:
        letter(kind, **dict.fromkeys(missing, ""))
    assert {hole.name for hole in refused.value.holes} == set(missing)
    for name in missing:
        assert f"{FIELDS[name].label} is not known." in str(refused.value)
    assert "June Sample" not in str(refused.value)


def test_a_sign_that_no_font_has_is_named_instead_of_lost() -> None:
    with pytest.raises(Unprintable, match=r"can show: 中 \(U\+4E2D\)"):
        letter(LetterKind.UPHELD, outcome_note="中")


@pytest.mark.parametrize("reach", ['#read("/etc/hostname")', '#read("../secret.txt")', '#include "/etc/hostname"'])
def test_a_template_reads_nothing_outside_its_plans_folder(tmp_path: Path, reach: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    own = tmp_path / "plan"
    own.mkdir()
    (own / "motto.txt").write_text("We care.")
    for folder in (None, own):
        with pytest.raises(TemplateFault):
            OURS.set(small(reach, folder), {}, now=NOW)
    assert "We care." in words(
        OURS.set(small('#read("motto.txt")', own), {"language": "es-us", "plan_name": "A plan"}, now=NOW)
    )


def test_a_plan_replaces_a_template_and_only_its_own(tmp_path: Path) -> None:
    (tmp_path / PROMISE).mkdir()
    own = '#show: letter.with(title: "Ours")\n= Our own words\nDear #field("speaker_name"), #optional("after")'
    (tmp_path / PROMISE / "upheld.typ").write_text(own)
    templates = Templates(folder=tmp_path)
    said = words(templates.set(templates.find(PROMISE, LetterKind.UPHELD), filled(LetterKind.UPHELD), now=NOW))
    assert said.startswith("Our own words Dear Dr Anil Rao,")
    assert templates.find(PROMISE, LetterKind.UPHELD).name == f"{PROMISE}/upheld"
    assert templates.find(NC, LetterKind.UPHELD).name == "upheld"
    before = templates.find(PROMISE, LetterKind.UPHELD).hash
    (tmp_path / PROMISE / "upheld.typ").write_text(own + " More.")
    assert templates.find(PROMISE, LetterKind.UPHELD).hash != before


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ('#field("membr_name")', "names membr_name; the fields are: language, plan_name"),
        ('#import "@preview/cetz:0.3.0"', "takes a package from elsewhere"),
        ("#field(", "upheld, line 2: unclosed delimiter"),
    ],
)
def test_a_template_at_fault_says_where(tmp_path: Path, source: str, said: str) -> None:
    (tmp_path / NC).mkdir()
    (tmp_path / NC / "upheld.typ").write_text(f'#show: letter.with(title: "Ours")\n{source}')
    (fault,) = sample.faults(Templates(folder=tmp_path), POLICIES.current(NC), LetterKind.UPHELD)
    assert said in fault


def test_a_letter_made_again_at_the_same_moment_is_the_same_to_the_byte() -> None:
    template, values = OURS.find(NC, LetterKind.UPHELD), filled(LetterKind.UPHELD, NC)
    assert OURS.set(template, values, now=NOW) == OURS.set(template, values, now=NOW)


@pytest.mark.parametrize("kind", [kind for kind in LetterKind if kind.for_member])
def test_a_member_can_read_the_members_notice(kind: LetterKind) -> None:
    """Short sentences, short words; what it means, what to do, until when, whom to call."""
    said = letter(kind, outcome_note="Six visits are approved.", service="Six visits")
    for part in ("Call us: 800-555-0100", "call your doctor's office", "our decision"):
        assert part in said.replace("’", "'")
    body = said[said.index("Before, we") : said.index("If you have a question")]
    sentences = [each for each in re.split(r"[.!?:]\s", body) if len(each.split()) > 2]
    lengths = [len(each.split()) for each in sentences]
    assert sum(lengths) / len(lengths) < 13
    assert grade(body) < 7


def test_a_member_is_not_told_of_a_talk_that_nobody_had() -> None:
    """A reconsideration without a call: the doctors have not talked."""
    talked = "Your doctor talked with a doctor of ours"
    assert talked in letter(LetterKind.MEMBER_MODIFIED)
    without = letter(LetterKind.MEMBER_MODIFIED, talked_with="")
    assert talked not in without
    assert "A doctor of ours looked at it again." in without


def test_the_fonts_are_those_that_were_taken() -> None:
    """Each file is as `scripts/renew_assets.sh` took it from its package; the licences lie beside them."""
    listed = dict(reversed(line.split("  ")) for line in (FONTS / "SHA256SUMS").read_text().splitlines())
    found = {f"./{file.name}": hashlib.sha256(file.read_bytes()).hexdigest() for file in FONTS.iterdir()}
    assert listed == {name: digest for name, digest in found.items() if name != "./SHA256SUMS"}
    assert {"./LICENSE-public-sans", "./LICENSE-noto-emoji"} <= listed.keys()


def grade(text: str) -> float:
    """Return the school grade that a text asks for, after Flesch and Kincaid."""
    spoken = re.findall(r"[A-Za-z']+", text)
    sentences = len(re.findall(r"[.!?:]\s", text)) or 1
    syllables = sum(max(1, len(re.findall(r"[aeiouy]+", re.sub(r"e\b", "", word.lower())))) for word in spoken)
    return 0.39 * len(spoken) / sentences + 11.8 * syllables / len(spoken) - 15.59


def test_what_a_policy_lacks_is_named_with_its_key_and_the_exit_status_says_so(tmp_path: Path) -> None:
    (tmp_path / f"{PROMISE}.toml").write_text((POLICIES_DIR / f"{PROMISE}.toml").read_text())
    (tmp_path / f"{NC}.toml").write_text((POLICIES_DIR / f"{NC}.toml").read_text().partition("[appeals.member]")[0])
    (tmp_path / "letters" / "no-plan").mkdir(parents=True)
    (tmp_path / "letters" / "no-plan" / "upheld.typ").write_text("")
    told = CliRunner().invoke(main, ["letters", "check"], env={"PEERLINE_POLICIES_DIR": str(tmp_path)})
    assert told.exit_code == 1
    assert f"{NC} upheld: Address of the member's way to appeal is not known." in told.output
    assert "appeals.member.address" in told.output
    assert f"{PROMISE} upheld: good, set in upheld" in told.output
    assert "no-plan/upheld.typ: is used for nothing" in told.output


def test_a_letter_can_be_looked_at_from_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "letter.pdf"
    told = CliRunner().invoke(main, ["letters", "preview", "upheld", "--plan", NC, "-o", str(file)])
    assert (told.exit_code, told.output.partition(",")[0]) == (0, f"{file}: upheld of {NC}")
    assert "June Sample" in words(file.read_bytes())
    told = CliRunner().invoke(main, ["letters", "preview", "upheld", "--plan", "nowhere", "-o", str(file)])
    assert told.exit_code == 1
    assert "There is no policy 'nowhere'. Give one of:" in told.output


def test_a_policy_with_its_own_members_notice_says_whom_to_call() -> None:
    from scheduling.policy_reader import PolicyErrors

    with pytest.raises(PolicyErrors, match=r"letters\.member_phone: is missing"):
        rules("[letters]\nmember = true")
