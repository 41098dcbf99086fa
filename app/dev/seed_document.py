"""A document as an office would send it, for the trial."""

import io

import pikepdf

from app.documents.arriving import Arrived, take_in
from app.documents.store import Store

LINES = (
    "Notes of the visit (trial data)",
    "",
    "Six weeks of physical therapy, twice a week, without relief.",
    "New imaging of last week: progression against the study of March.",
    "Weakness of the left foot since ten days.",
    "Asked for: the service as ordered.",
)


def notes(store: Store) -> Arrived:
    """Write a PDF of one page, and take it in as the pages do."""
    document = pikepdf.new()
    document.add_blank_page(page_size=(612, 792))
    text = " T* ".join(f"({line.replace('(', '[').replace(')', ']')}) Tj" for line in LINES)
    font = pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
    document.pages[0].Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=font))
    document.pages[0].Contents = document.make_stream(f"BT /F1 12 Tf 72 720 Td 18 TL {text} ET".encode())
    content = io.BytesIO()
    document.save(content)
    with store.incoming() as file:
        file.write(content.getvalue())
        return take_in(file, "Notes of the visit.pdf", len(content.getvalue()), store)
