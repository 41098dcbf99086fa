"""Reading a letter back, with libraries that did not write it."""

import io
from typing import Any

import pikepdf
import pypdf

#: where a word too long for a line may be broken; a reader sees none of it
BREAK = "\u200b"


def words(content: bytes) -> str:
    """Read the words of a letter, in order, each space one."""
    reader = pypdf.PdfReader(io.BytesIO(content))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).replace(BREAK, "").split())


def tags(content: bytes) -> list[str]:
    """List the structure elements of a tagged PDF, depth first."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return list(_kinds(pdf.Root.StructTreeRoot.K))


def _kinds(node: Any) -> list[str]:
    if isinstance(node, pikepdf.Array):
        return [kind for each in node for kind in _kinds(each)]
    if not isinstance(node, pikepdf.Dictionary) or "/S" not in node:
        return []
    return [str(node.S), *(_kinds(node.K) if "/K" in node else [])]
