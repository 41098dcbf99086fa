"""Opens one file and says what it is: `pdf 3`, or `refused encrypted`. A program of its own, run by `checking`.

It reads standard input, imports nothing of ours, knows no secret, and ends itself where a file asks for too much: what
goes wrong in here goes wrong in here alone. Never decodes what it need not.
"""

import re
import resource
import struct
import sys
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import pikepdf
from PIL import Image

SECONDS = 20
MEMORY = 1536 * 1024 * 1024
MOST_PAGES = 2_000
MOST_FRAMES = 500
#: of one picture: a sheet of 8.5 by 11 inches at 600 dots an inch has a quarter of that
MOST_PIXELS = 120_000_000
#: of all pages of a fax together
MOST_PIXELS_TOGETHER = 6_000_000_000
#: what one stream of a PDF may become when it is unpacked, and all of them together
MOST_UNPACKED = 400_000_000
MOST_UNPACKED_TOGETHER = 4_000_000_000

KINDS = {
    b"%PDF-": "pdf",
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
}
#: actions that run something, leave the document or send it away
SCRIPTS = ("/JavaScript", "/Rendition")
LAUNCHES = ("/Launch", "/ImportData", "/SubmitForm", "/GoToE", "/GoToR", "/RichMediaExecute")
#: what may happen by itself when a document or a page is opened
HARMLESS = ("/GoTo", "/Named", "/GoToDp", "/Hide", "/SetOCGState", "/Trans", "/ResetForm")
#: that follow one another
MOST_ACTIONS = 1_000
HOLDS_FILES = ("/FileAttachment", "/RichMedia", "/3D", "/Screen", "/Movie", "/Sound")
#: what a link must not lead to: scripts, files, shares, other programs; any other scheme may be an article's (`doi:`)
FOREIGN_ADDRESS = re.compile(
    rb"(?:javascript|vbscript|data|blob|file|jar|mhtml|shell|res|smb|cifs|dav|davs|ldaps?|search|ms-[a-z-]+|search-ms):"
    rb"|[/\\]{2}",
    re.IGNORECASE,
)
#: filters that only pack, beside Flate
PACKING = ("/ASCIIHexDecode", "/AHx", "/ASCII85Decode", "/A85", "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL")
#: in the bytes themselves: what an older state of the file holds, and what its tables do not name
RAW = (
    (re.compile(rb"/S\s*/JavaScript\b|/XFA\s*[\[\d]"), "script"),
    (re.compile(rb"/S\s*/(Launch|ImportData|SubmitForm|GoToE)\b"), "launch"),
    (re.compile(rb"/Type\s*/EmbeddedFile\b|/EF\s*<<"), "files_inside"),
)


class Refused(Exception):
    """The file is not taken; the message is a word of `RefusedBecause`."""


def main() -> None:
    """Look at standard input and print the verdict."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with open(0, "rb") as file:
        sys.stdout.write(verdict(file))


def verdict(file: BinaryIO) -> str:
    """Say what a file is and how many pages it has, or why it is not taken."""
    try:
        kind, pages = opened(file)
    except Refused as refused:
        return f"refused {refused}"
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return "refused too_much_inside"
    except Exception:  # pikepdf and Pillow raise errors of many kinds, which no list holds, over files made to deceive
        # Whatever it is, the file was not opened, and what was not opened is not taken.
        return "refused damaged"
    return f"{kind} {pages}"


def opened(file: BinaryIO) -> tuple[str, int]:
    """Open a file as what its first bytes say. Raises Refused, and whatever the libraries raise."""
    head = file.read(1024)
    kind = next((kind for magic, kind in KINDS.items() if head.startswith(magic)), None)
    if kind is None:
        raise Refused("other_kind")
    if kind != "pdf" and b"%PDF-" in head:
        raise Refused("two_in_one")
    if is_archive(file):
        raise Refused("two_in_one")
    file.seek(0)
    return kind, pdf_pages(file) if kind == "pdf" else image_pages(file, kind)


def is_archive(file: BinaryIO) -> bool:
    """Tell whether a file is a ZIP archive besides: these are read from the end."""
    try:
        return bool(zipfile.ZipFile(file).namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, struct.error):
        return False


def image_pages(file: BinaryIO, kind: str) -> int:
    """Decode every page of an image and count them."""
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    if kind == "png":
        with Image.open(file, formats=["PNG"]) as image:
            image.verify()  # the checksums of its parts; it cannot be used afterwards
    with Image.open(file, formats=[kind.upper()]) as image:
        # the further pictures of a JPEG are a camera's previews, those of a PNG an animation: one page
        frames = getattr(image, "n_frames", 1) if kind == "tiff" else 1
        if frames > MOST_FRAMES:
            raise Refused("too_many_pages")
        together = 0
        for frame in range(frames):
            image.seek(frame)
            pixels = image.width * image.height
            together += pixels
            if pixels > MOST_PIXELS or together > MOST_PIXELS_TOGETHER:
                raise Refused("too_much_inside")
            image.load()
        return frames


def pdf_pages(file: BinaryIO) -> int:
    """Look at every object of a PDF and count its pages. One that needs repair is refused: readers repair otherwise."""
    look_at_bytes(file.read())
    file.seek(0)
    try:
        document = pikepdf.open(file, attempt_recovery=False)
    except pikepdf.PasswordError:
        raise Refused("encrypted") from None
    with document:
        if document.is_encrypted:
            raise Refused("encrypted")
        look_at_objects(document.objects)
        pages = len(document.pages)
    if pages == 0:
        raise Refused("damaged")
    if pages > MOST_PAGES:
        raise Refused("too_many_pages")
    return pages


def look_at_bytes(content: bytes) -> None:
    """Refuse what stands in the file in the clear, whether or not its tables lead there. Names may be in hex."""
    plain = re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), content)
    for pattern, because in RAW:
        if pattern.search(plain):
            raise Refused(because)


def look_at_objects(objects: Iterable[pikepdf.Object]) -> None:
    """Refuse scripts, launches, files inside and bombs, in whichever object they are."""
    together = 0
    for found in objects:
        if isinstance(found, pikepdf.Stream):
            together += unpacked_size(found)
            if together > MOST_UNPACKED_TOGETHER:
                raise Refused("too_much_inside")
        waiting = [found]
        while waiting:
            value = waiting.pop()
            if isinstance(value, pikepdf.Array):
                children: Iterable[object] = value
            elif isinstance(value, pikepdf.Dictionary | pikepdf.Stream):
                look_at_dictionary(value)
                children = (child for _, child in value.items())
            else:
                continue
            # an indirect object is looked at in its own turn
            waiting.extend(each for each in children if isinstance(each, pikepdf.Object) and not each.is_indirect)


def look_at_dictionary(value: pikepdf.Object) -> None:
    """Refuse a dictionary that does what a document must not do."""
    action, subtype = name_of(value, "/S"), name_of(value, "/Subtype")
    if action in SCRIPTS or is_one(value, "/JS", pikepdf.String, pikepdf.Stream) or "/JavaScript" in value:
        raise Refused("script")
    if is_one(value, "/XFA", pikepdf.Array, pikepdf.Stream):
        raise Refused("script")
    if action in LAUNCHES or any(runs_by_itself(value.get(key)) for key in ("/OpenAction", "/AA")):
        raise Refused("launch")
    if is_foreign(value.get("/URI")) or is_foreign(value.get("/Base")) or lies_elsewhere(value, action):
        raise Refused("launch")
    if name_of(value, "/Type") == "/EmbeddedFile" or subtype in HOLDS_FILES or holds_a_file(value.get("/EF")):
        raise Refused("files_inside")
    if subtype == "/Image" and number_of(value, "/Width") * number_of(value, "/Height") > MOST_PIXELS:
        raise Refused("too_much_inside")


def runs_by_itself(value: object) -> bool:
    """Tell whether an action, or one of several, does more than show a page, though nobody asked for it."""
    if not isinstance(value, pikepdf.Dictionary):
        return False
    waiting: list[object] = [value] if "/S" in value else [each for _, each in value.items()]
    for _ in range(MOST_ACTIONS):
        if not waiting:
            return False
        action = waiting.pop()
        if isinstance(action, pikepdf.Array):
            waiting.extend(action[at] for at in range(len(action)))
        elif isinstance(action, pikepdf.Dictionary):
            if name_of(action, "/S") not in (*HARMLESS, ""):
                return True
            waiting.append(action.get("/Next"))
    return True  # a chain that has no end


def is_foreign(address: object) -> bool:
    """Tell whether an address is one that a link must not lead to. Readers skip blanks, and know UTF-16."""
    if not isinstance(address, pikepdf.String):
        return False
    return bool(FOREIGN_ADDRESS.match(re.sub(rb"[\0-\x20]|^\xfe\xff|^\xff\xfe|^\xef\xbb\xbf", b"", bytes(address))))


def lies_elsewhere(value: pikepdf.Object, action: str) -> bool:
    """Tell whether what belongs to the document is to be fetched from another file or a share."""
    if "/F" in value and (isinstance(value, pikepdf.Stream) or action == "/Thread"):
        return True
    part_of_another = value.get("/Ref")
    return isinstance(part_of_another, pikepdf.Dictionary) and "/F" in part_of_another


def holds_a_file(value: object) -> bool:
    """Tell whether a file specification holds the file itself."""
    return isinstance(value, pikepdf.Dictionary) and any(isinstance(each, pikepdf.Stream) for _, each in value.items())


def is_one(value: pikepdf.Object, key: str, *kinds: type) -> bool:
    """Tell whether what stands under a key is of one of these kinds; a font or picture may have any name."""
    return isinstance(value.get(key), kinds)


def name_of(value: pikepdf.Object, key: str) -> str:
    """Return the name that stands under a key, empty if none does."""
    found = value.get(key)
    return str(found) if isinstance(found, pikepdf.Name) else ""


def number_of(value: pikepdf.Object, key: str) -> int:
    """Return the number that stands under a key, 0 if none does."""
    found = value.get(key)
    return int(found) if isinstance(found, int) else 0


def unpacked_size(stream: pikepdf.Stream) -> int:
    """Count what a stream becomes when it is unpacked, without keeping it. Raises Refused for a bomb."""
    filters = stream.get("/Filter")
    names = [str(each) for each in filters] if isinstance(filters, pikepdf.Array) else [str(filters)]
    if any(name in PACKING for name in names):
        return decoded_size(stream)
    content: Iterator[bytes] = iter([stream.read_raw_bytes()])
    for name in names:
        if name not in ("/FlateDecode", "/Fl"):
            break
        content = inflated(content)
    return sum(map(len, content))


def decoded_size(stream: pikepdf.Stream) -> int:
    """Count what a stream becomes that is packed in other ways too; the limit of memory ends a bomb."""
    try:
        size = len(stream.read_bytes(pikepdf.StreamDecodeLevel.specialized))
    except pikepdf.PdfError as error:
        if "bad_alloc" in str(error):
            raise MemoryError from None
        return len(stream.read_raw_bytes())  # a picture inside, or nothing that anybody can unpack
    if size > MOST_UNPACKED:
        raise Refused("too_much_inside")
    return size


def inflated(content: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack what was packed with zlib, a megabyte at a time."""
    unpacker, size = zlib.decompressobj(), 0
    try:
        for piece in content:
            rest = piece
            while rest and not unpacker.eof:
                out = unpacker.decompress(rest, 1 << 20)
                rest = unpacker.unconsumed_tail
                size += len(out)
                if size > MOST_UNPACKED:
                    raise Refused("too_much_inside")
                yield out
    except zlib.error:
        return  # a reader stops there too


if __name__ == "__main__":
    main()
