"""Sets a letter: a template and values become a tagged PDF (PDF/UA-1). Values are data; nothing in them is markup."""

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import typst

from app.letters.fields import FIELDS, Hole, Values, complete
from app.models import LetterKind

HERE = Path(__file__).parent
OURS = HERE / "templates"
FONTS = HERE / "fonts"
FRAME = OURS / "frame.typ"

#: the folder beside the policies in which plans keep their own templates
LETTERS = "letters"

#: fields that a template names in quotation marks
_NAMED = re.compile(r"""\b(?:field|has|optional)\("(\w+)"\)""")
_PACKAGE = re.compile(r"""["']@""")
_LINE = re.compile(r"__typst_py_bytes__\.typ:(\d+)")
_NO_GLYPH = re.compile(r"the text `\"(.+?)\"` could not be displayed")


class LetterError(Exception):
    """A letter that cannot be made. The message says why and what to do; nothing of the values is in it."""


class Incomplete(LetterError):
    """Fields that the letter needs are not known."""

    def __init__(self, holes: tuple[Hole, ...]) -> None:
        super().__init__("\n".join(map(str, holes)))
        self.holes = holes


class Unprintable(LetterError):
    """Something was typed with characters that no font of the letter has."""


class TemplateFault(LetterError):
    """The template is at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What a letter is set in."""

    name: str
    "upheld, or the plan's own: some-plan/upheld"
    source: str
    folder: Path | None
    "what files it may read: the plan's own folder; None: nothing"

    @property
    def whole(self) -> str:
        """The frame and the template, as they are set."""
        return f"{FRAME.read_text(encoding='utf-8')}\n{self.source}"

    @property
    def hash(self) -> str:
        """SHA-256 in hex of all that a letter is set in."""
        return hashlib.sha256(self.whole.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """Where the templates are: Peerline's, and in `folder` those with which plans replace them."""

    folder: Path | None = None
    "policies/letters: <plan>/<kind>.typ, and fonts/ for faces that a plan adds"

    def find(self, plan: str, kind: LetterKind) -> Template:
        """Return a plan's own template, or else Peerline's. Raises TemplateFault for one that names no field."""
        own = self.folder / plan / f"{kind.value}.typ" if self.folder is not None else None
        if own is not None and own.is_file():
            template = Template(name=f"{plan}/{kind.value}", source=_read(own), folder=own.parent)
        else:
            template = Template(name=kind.value, source=_read(OURS / f"{kind.value}.typ"), folder=None)
        _check_names(template)
        return template

    def set(self, template: Template, values: Values, *, now: datetime) -> bytes:
        """Set a letter. Raises Incomplete where it would have a hole, TemplateFault for anything else."""
        data = json.dumps(complete(values))
        made = self.pdf(template.whole, template, data, now=now)
        holes = json.loads(self._run(typst.query, template.whole, template, data, selector="<hole>", field="value"))
        if holes:
            raise Incomplete(tuple(Hole(name=name) for name in dict.fromkeys(holes)))
        return made

    def pdf(self, source: str, template: Template, data: str, *, now: datetime) -> bytes:
        """Set any source with its data, as a tagged PDF."""
        made = self._run(
            typst.compile,
            source,
            template,
            data,
            format="pdf",
            pdf_standards="ua-1",
            timestamp=int(now.timestamp()),  # it takes whole seconds
        )
        assert isinstance(made, bytes)
        return made

    def _run(self, what: Any, source: str, template: Template, data: str, **more: Any) -> Any:
        with _root(template.folder) as root, tempfile.TemporaryDirectory() as nothing:
            try:
                return what(
                    source.encode(),
                    root=root,
                    sys_inputs={"letter": data},
                    font_paths=_fonts(self.folder),
                    ignore_system_fonts=True,
                    package_path=nothing,
                    package_cache_path=nothing,
                    **more,
                )
            except typst.TypstError as error:
                raise _in_words(error, template) from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TemplateFault(f"The template {path} cannot be read: {error}") from None


def _check_names(template: Template) -> None:
    unknown = sorted(set(_NAMED.findall(template.source)) - FIELDS.keys())
    if unknown:
        allowed = ", ".join(FIELDS)
        raise TemplateFault(f"The template {template.name} names {', '.join(unknown)}; the fields are: {allowed}")
    if _PACKAGE.search(template.source):
        raise TemplateFault(f"The template {template.name} takes a package from elsewhere; letters use none")


@contextmanager
def _root(folder: Path | None) -> Iterator[Path]:
    """Give the only folder that a template can read: the plan's own, or an empty one."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as empty:
        yield Path(empty)


@lru_cache(maxsize=4)
def _fonts(folder: Path | None) -> typst.Fonts:
    own = folder / "fonts" if folder is not None else None
    paths: list[Path] = [FONTS] + ([own] if own is not None and own.is_dir() else [])
    return typst.Fonts(include_system_fonts=False, font_paths=[str(path) for path in paths])


def _in_words(error: typst.TypstError, template: Template) -> LetterError:
    lost = list(dict.fromkeys(_NO_GLYPH.findall(error.diagnostic)))
    if lost:
        named = ", ".join(f"{sign} ({' '.join(f'U+{ord(each):04X}' for each in sign)})" for sign in lost)
        fonts = "put a font that has them into policies/letters/fonts"
        return Unprintable(f"It has characters that none of its fonts can show: {named}. Take them out, or {fonts}.")
    line = next(iter(_LINE.findall(error.diagnostic)), "")
    at = int(line) - FRAME.read_text(encoding="utf-8").count("\n") - 1 if line else 0
    where = f", line {at}" if at > 0 else ""
    return TemplateFault(f"The template {template.name}{where}: {error.message}")
