"""Files for tests: honest ones, and a family made to deceive. All are made here, byte by byte or with the libraries."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable

import pikepdf
from pikepdf import Array, Dictionary, Name, String
from PIL import Image

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def saved(document: pikepdf.Pdf, **more: object) -> bytes:
    """Write a PDF down."""
    target = io.BytesIO()
    document.save(target, **more)  # type: ignore[arg-type]  # options of the test
    return target.getvalue()


def pdf(change: Callable[[pikepdf.Pdf], None] = lambda document: None, *, pages: int = 1, **more: object) -> bytes:
    """Make a PDF of some pages, and change it."""
    document = pikepdf.new()
    for number in range(pages):
        document.add_blank_page(page_size=(612, 792))
        text = f"BT /F1 12 Tf 72 720 Td (Page {number + 1}, findings of last week) Tj ET".encode()
        document.pages[-1].Contents = document.make_stream(text)
    change(document)
    return saved(document, **more)


def image(kind: str, size: tuple[int, int] = (40, 30), *, frames: int = 1, **more: object) -> bytes:
    """Make a picture, for TIFF also one of several pages."""
    target = io.BytesIO()
    pictures = [Image.new("L", size, 40 * (number % 6)) for number in range(frames)]
    several = {"save_all": True, "append_images": pictures[1:]} if frames > 1 else {}
    pictures[0].save(target, kind, **several, **more)
    return target.getvalue()


def png_of(width: int, height: int) -> bytes:
    """Make a PNG whose head promises so many pixels, and that holds next to nothing."""

    def part(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", body) + part(b"IEND", b"")


def _wrong_checksum() -> bytes:
    """Make a PNG whose picture can be read, though its checksum says that it was changed."""
    whole = image("PNG")
    at = whole.index(b"IDAT") + 4 + struct.unpack(">I", whole[whole.index(b"IDAT") - 4 : whole.index(b"IDAT")])[0]
    return whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]


def archive() -> bytes:
    """Make a ZIP archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        opened.writestr("run.sh", "rm -rf /")
    return target.getvalue()


def script() -> Dictionary:
    """Make an action that runs a script."""
    return Dictionary(S=Name.JavaScript, JS=String("app.alert('here')"))


def attach(document: pikepdf.Pdf) -> Dictionary:
    """Put a file inside a PDF, and give what points to it."""
    content = document.make_stream(b"MZ a program", Type=Name.EmbeddedFile)
    return document.make_indirect(Dictionary(Type=Name.Filespec, F=String("a.exe"), EF=Dictionary(F=content)))


def _root(**entries: object) -> Callable[[pikepdf.Pdf], None]:
    def change(document: pikepdf.Pdf) -> None:
        for key, value in entries.items():
            document.Root[f"/{key}"] = value

    return change


def _annotation(make: Callable[[pikepdf.Pdf], Dictionary]) -> Callable[[pikepdf.Pdf], None]:
    def change(document: pikepdf.Pdf) -> None:
        document.pages[0].Annots = Array([document.make_indirect(make(document))])

    return change


def _link(**action: object) -> Callable[[pikepdf.Pdf], None]:
    return _annotation(
        lambda document: Dictionary(
            Type=Name.Annot, Subtype=Name.Link, Rect=Array([0, 0, 100, 100]), A=Dictionary(**action)
        )
    )


def _page_action(document: pikepdf.Pdf) -> None:
    document.pages[0].AA = Dictionary(O=script())


def _page(key: str, make: Callable[[pikepdf.Pdf], object]) -> Callable[[pikepdf.Pdf], None]:
    def change(document: pikepdf.Pdf) -> None:
        document.pages[0][key] = make(document)

    return change


def _endless(document: pikepdf.Pdf) -> None:
    action = document.make_indirect(Dictionary(S=Name.Named, N=Name.NextPage))
    action.Next = document.Root.OpenAction = action


def _names(tree: str, make: Callable[[pikepdf.Pdf], Dictionary]) -> Callable[[pikepdf.Pdf], None]:
    def change(document: pikepdf.Pdf) -> None:
        entries = Dictionary(Names=Array([String("one"), make(document)]))
        document.Root.Names = Dictionary({f"/{tree}": document.make_indirect(entries)})

    return change


def _associated(document: pikepdf.Pdf) -> None:
    document.Root.AF = Array([attach(document)])


def _form(document: pikepdf.Pdf) -> None:
    document.Root.AcroForm = Dictionary(Fields=Array([]), XFA=document.make_stream(b"<xdp:xdp/>"))


def _big_picture(document: pikepdf.Pdf) -> None:
    picture = document.make_stream(
        b"\0", Type=Name.XObject, Subtype=Name.Image, Width=60_000, Height=60_000, BitsPerComponent=1
    )
    document.pages[0].Resources = Dictionary(XObject=Dictionary(I=picture))


def zeros(megabytes: int) -> bytes:
    """Pack so many megabytes of zeros, without packing each of them."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(b"\0" * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"x\x9c" + block * megabytes


def packed_zeros(megabytes: int, *, twice: bool = False) -> Callable[[pikepdf.Pdf], None]:
    """Give a page a stream that unpacks to so many megabytes of zeros."""

    def change(document: pikepdf.Pdf) -> None:
        content, filters = zeros(megabytes), Name.FlateDecode
        if twice:
            content, filters = zlib.compress(content, 9), Array([Name.FlateDecode, Name.FlateDecode])
        document.pages[0].Contents = pikepdf.Stream(document, content, Filter=filters)

    return change


def packed_otherwise(name: str, content: Callable[[], bytes]) -> Callable[[], bytes]:
    """Make a PDF with a page whose content is packed with filters other than Flate alone, and is left as it is."""

    def change(document: pikepdf.Pdf) -> None:
        filters = Array([Name(f"/{each}") for each in name.split()])
        document.pages[0].Contents = pikepdf.Stream(document, content(), Filter=filters)

    return lambda: pdf(change, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def object_stream_bomb(megabytes: int = 4_000) -> bytes:
    """Make a PDF whose objects lie in a stream that has to be unpacked before anything can be read."""
    content = zeros(megabytes)
    start = b"%PDF-1.7\n"
    stream = b"1 0 obj\n<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n" % len(content)
    packed = start + stream + content + b"\nendstream\nendobj\n"
    entries = b"".join(struct.pack(">BIB", *each) for each in ((0, 0, 0), (1, len(start), 0), (2, 1, 0)))
    table = b"3 0 obj\n<< /Type /XRef /Size 3 /W [1 4 1] /Root 2 0 R /Length %d >>\nstream\n" % len(entries)
    return packed + table + entries + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(packed)


def updated() -> bytes:
    """Make a PDF that a later update inside of the same file gives a script."""
    document = pikepdf.open(io.BytesIO(pdf()))
    first = saved(document, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    root = document.Root.objgen[0]
    pages = document.Root.Pages.objgen[0]
    size = len(document.objects) + 1
    changed = (
        f"{root} 0 obj\n<< /Type /Catalog /Pages {pages} 0 R\n"
        "/OpenAction << /S /J#61vaScript /JS (app.alert\\(1\\)) >> >>\nendobj\n"
    ).encode()
    at = len(first)
    table = (
        f"xref\n{root} 1\n{at:010d} 00000 n \ntrailer\n<< /Size {size} /Root {root} 0 R"
        f" /Prev {int(first.rpartition(b'startxref')[2].split()[0])} >>\nstartxref\n{at + len(changed)}\n%%EOF\n"
    ).encode()
    return first + changed + table


def unlisted() -> bytes:
    """Make a PDF with an object that its tables do not name: a reader that repairs files finds it."""
    whole = pdf()
    return whole + b"\n99 0 obj\n<< /S /JavaScript /JS (app.alert\\(1\\)) >>\nendobj\n%%EOF\n"


#: name -> (content, word of `RefusedBecause`)
DECEIVING: dict[str, tuple[Callable[[], bytes], str]] = {
    "no content that is known": (lambda: b"MZ\x90\0 a program" * 10, "other_kind"),
    "a web page": (lambda: b"<html><script>alert(1)</script></html>", "other_kind"),
    "an archive": (archive, "other_kind"),
    "junk before a PDF": (lambda: b"GIF89a\n" + pdf(), "other_kind"),
    "a PDF inside the head of a JPEG": (lambda: image("JPEG", comment=b"%PDF-1.7 1 0 obj"), "two_in_one"),
    "a PDF that is an archive too": (lambda: pdf() + archive(), "two_in_one"),
    "a picture that is an archive too": (lambda: image("PNG") + archive(), "two_in_one"),
    "a PDF that is locked": (lambda: pdf(encryption=pikepdf.Encryption(user="x", owner="y")), "encrypted"),
    "a PDF locked for its owner alone": (lambda: pdf(encryption=pikepdf.Encryption(user="", owner="y")), "encrypted"),
    "a script on opening": (lambda: pdf(_root(OpenAction=script())), "script"),
    "a script on opening, as a stream": (
        lambda: pdf(lambda d: _root(OpenAction=Dictionary(S=Name.JavaScript, JS=d.make_stream(b"x")))(d)),
        "script",
    ),
    "a script when a page opens": (lambda: pdf(_page_action), "script"),
    "a script among the names": (lambda: pdf(_names("JavaScript", lambda d: script())), "script"),
    "a script behind a link": (lambda: pdf(_link(S=Name.JavaScript, JS=String("x"))), "script"),
    "a script inside an object stream": (
        lambda: pdf(_link(S=Name.JavaScript, JS=String("x")), object_stream_mode=pikepdf.ObjectStreamMode.generate),
        "script",
    ),
    "a script that comes after another action": (
        lambda: pdf(_link(S=Name.URI, URI=String("https://plan.example"), Next=Array([script()]))),
        "script",
    ),
    "a script in a rendition": (lambda: pdf(_link(S=Name.Rendition, JS=String("x"))), "script"),
    "a script that a later update brings": (updated, "script"),
    "a script that no table names": (unlisted, "script"),
    "a form with a program of its own": (lambda: pdf(_form), "script"),
    "an address that is a script": (lambda: pdf(_link(S=Name.URI, URI=String("JavaScript:alert(1)"))), "launch"),
    "an address of a file": (lambda: pdf(_link(S=Name.URI, URI=String("file:///etc/passwd"))), "launch"),
    "an address that opens by itself": (
        lambda: pdf(_root(OpenAction=Dictionary(S=Name.URI, URI=String("https://evil.example")))),
        "launch",
    ),
    "an address that opens by itself, after a step that is harmless": (
        lambda: pdf(_root(OpenAction=Dictionary(S=Name.Named, Next=Array([Dictionary(S=Name.URI)])))),
        "launch",
    ),
    "steps that never end": (lambda: pdf(_endless), "launch"),
    "an address of a share": (lambda: pdf(_link(S=Name.URI, URI=String("\\\\evil\\share"))), "launch"),
    "an address of another program": (lambda: pdf(_link(S=Name.URI, URI=String("ms-word:ofe|u|x"))), "launch"),
    "an address that is a script with a blank inside": (
        lambda: pdf(_link(S=Name.URI, URI=String("java\tscript:alert(1)"))),
        "launch",
    ),
    "addresses that all begin with a script": (
        lambda: pdf(_root(URI=Dictionary(Base=String("javascript:alert(1)//")))),
        "launch",
    ),
    "a page that lies on a share": (
        lambda: pdf(_page("/Contents", lambda d: d.make_stream(b"", F=String("\\\\evil\\page")))),
        "launch",
    ),
    "a picture that is a part of another file": (
        lambda: pdf(_page("/X", lambda d: d.make_stream(b"", Ref=Dictionary(F=String("\\\\evil\\page"), Page=0)))),
        "launch",
    ),
    "a launch": (lambda: pdf(_link(S=Name.Launch, F=String("cmd.exe"))), "launch"),
    "a launch on opening": (lambda: pdf(_root(OpenAction=Dictionary(S=Name.Launch, F=String("x")))), "launch"),
    "another file that is opened": (lambda: pdf(_link(S=Name.GoToR, F=String("\\\\evil\\share"))), "launch"),
    "a file inside that is opened": (lambda: pdf(_link(S=Name.GoToE)), "launch"),
    "a form that sends itself": (lambda: pdf(_link(S=Name.SubmitForm, F=String("https://evil.example"))), "launch"),
    "a file among the names": (lambda: pdf(_names("EmbeddedFiles", attach)), "files_inside"),
    "a file beside the document": (lambda: pdf(_associated), "files_inside"),
    "a file at a place of a page": (
        lambda: pdf(_annotation(lambda d: Dictionary(Subtype=Name.FileAttachment, FS=attach(d)))),
        "files_inside",
    ),
    "a film": (lambda: pdf(_annotation(lambda d: Dictionary(Subtype=Name.RichMedia))), "files_inside"),
    "a PDF cut off": (lambda: pdf()[:-60], "damaged"),
    "a PDF without a page": (lambda: saved(pikepdf.new()), "damaged"),
    "nothing but the head of a PDF": (lambda: b"%PDF-1.7\n", "damaged"),
    "too many pages": (lambda: pdf(pages=2_001), "too_many_pages"),
    "a PDF with a sheet of 3.6 billion dots": (lambda: pdf(_big_picture), "too_much_inside"),
    "a PDF that unpacks to half a gigabyte": (lambda: pdf(packed_zeros(500)), "too_much_inside"),
    "a PDF packed twice": (lambda: pdf(packed_zeros(500, twice=True)), "too_much_inside"),
    "a PDF that unpacks to half a gigabyte in another way": (
        packed_otherwise("RunLengthDecode", lambda: b"\x81\0" * 3_300_000),
        "too_much_inside",
    ),
    "a PDF packed in two ways": (
        packed_otherwise("ASCIIHexDecode FlateDecode", lambda: zeros(500).hex().encode() + b">"),
        "too_much_inside",
    ),
    "a picture of 100,000 by 100,000": (lambda: png_of(100_000, 100_000), "too_much_inside"),
    "a picture of a little too many dots": (lambda: png_of(20_000, 7_000), "too_much_inside"),
    "a picture that holds less than it says": (lambda: png_of(400, 400), "damaged"),
    "a PNG with a part too long": (lambda: image("PNG").replace(b"IDAT", b"IDAT\0", 1), "damaged"),
    "a PNG that was changed": (_wrong_checksum, "damaged"),
    "a JPEG cut off": (lambda: image("JPEG", (400, 300))[:700], "damaged"),
    "a TIFF cut off": (lambda: image("TIFF", (400, 300))[:-5_000], "damaged"),
    "a fax of too many pages": (lambda: image("TIFF", (8, 8), frames=501), "too_many_pages"),
}

#: name -> (content, what it is)
HONEST: dict[str, tuple[Callable[[], bytes], str]] = {
    "letter.pdf": (pdf, "pdf 1"),
    "chart.pdf": (lambda: pdf(pages=40), "pdf 40"),
    "for the web.pdf": (lambda: pdf(linearize=True), "pdf 1"),
    "packed.pdf": (lambda: pdf(object_stream_mode=pikepdf.ObjectStreamMode.generate), "pdf 1"),
    "with a link.pdf": (lambda: pdf(_link(S=Name.URI, URI=String("https://plan.example/policy"))), "pdf 1"),
    "with an article's link.pdf": (lambda: pdf(_link(S=Name.URI, URI=String("doi:10.1016/x"))), "pdf 1"),
    "packed as long ago.pdf": (
        packed_otherwise("ASCIIHexDecode FlateDecode", lambda: zeros(1).hex().encode()),
        "pdf 1",
    ),
    "opens at a page.pdf": (
        lambda: pdf(lambda d: _root(OpenAction=Array([d.pages[0].obj, Name.Fit]))(d)),
        "pdf 1",
    ),
    "a font called JS.pdf": (
        lambda: pdf(lambda d: setattr(d.pages[0], "Resources", Dictionary(Font=Dictionary(JS=Dictionary())))),
        "pdf 1",
    ),
    "unpacks to 100 MB.pdf": (lambda: pdf(packed_zeros(100)), "pdf 1"),
    "fax.tif": (lambda: image("TIFF", (1728, 2200), frames=3), "tiff 3"),
    "fax, big-endian.tiff": (lambda: b"MM\0*" + _big_endian_tiff(), "tiff 1"),
    "photo.jpg": (lambda: image("JPEG", (1200, 900)), "jpeg 1"),
    "screen.png": (lambda: image("PNG"), "png 1"),
}


def _big_endian_tiff() -> bytes:
    """Give the rest of a TIFF of one white dot, its numbers written the other way round."""
    entries = [(256, 3, 1), (257, 3, 1), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (278, 3, 1), (279, 4, 1)]
    directory = struct.pack(">H", len(entries))
    for tag, kind, value in entries:
        directory += struct.pack(">HHI", tag, kind, 1) + (
            struct.pack(">HH", value, 0) if kind == 3 else struct.pack(">I", value)
        )
    return struct.pack(">I", 10) + b"\xff\0" + directory + struct.pack(">I", 0)
