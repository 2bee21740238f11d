"""Files that are attached to a question: what is read of them, and the sentence where one cannot be."""

import asyncio
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from docx import Document
from docx.oxml import parse_xml
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from mirador_desktop.attaching import attach, attach_text
from mirador_desktop.core.attachments import image_tokens
from mirador_desktop.core.conversation import Attachment
from mirador_desktop.errors import AttachmentError
from mirador_desktop.exchange import attached_file
from mirador_desktop.exchange.attached_file import MOST_CHARACTERS
from mirador_desktop.exchange.text_encoding import decode

GAPS = "what is not valid UTF-8 in it shows as \ufffd"
RUSSIAN = "Привет, мир. Это короткий текст на русском языке."
JAPANESE = "これは日本語のテキストです。漢字とかなが混ざっています。"


def read(path: Path) -> Attachment:
    return asyncio.run(attach(path))


def refused(path: Path) -> str:
    with pytest.raises(AttachmentError) as caught:
        read(path)
    words = str(caught.value)
    assert words.startswith(f"{path.name} cannot be attached: ")
    assert words.endswith(".")
    return words


def pdf(path: Path, *pages: str, password: str = "") -> Path:
    """A PDF with these pages, each one line of Helvetica."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for text in pages:
        page = writer.add_blank_page(300, 300)
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(path)
    return path


@pytest.mark.parametrize(
    ("name", "data", "text", "note"),
    [
        ("a.txt", "Grüße\r\nan alle".encode(), "Grüße\nan alle", ""),
        ("a.md", b"\xef\xbb\xbf# Head", "# Head", ""),
        ("a.csv", b"a,b\n1,2\n", "a,b\n1,2\n", ""),
        ("a.json", b'{"a": 1}', '{"a": 1}', ""),
        ("a.py", "print('日本')".encode("utf-16"), "print('日本')", ""),
        ("a.txt", b"na\xefve \x93quote\x94", "naïve “quote”", "read as Windows-1252"),
        ("no ending", b"words", "words", ""),
        ("a.txt", "Größe\r\n".encode("utf-32"), "Größe\n", ""),
        ("a.txt", b"\x00\x00\xfe\xff" + "Größe".encode("utf-32-be"), "Größe", ""),
        ("a.txt", "a\r\nb".encode("utf-16"), "a\nb", ""),
        ("a.txt", "a é".encode("utf-16") + b"\x41", "a é\ufffd", "damaged"),
        ("a.py", "# ok é\n".encode() + b"\xff", "# ok é\n\ufffd", GAPS),
        ("a.txt", "é".encode() * 10 + b"\xc3", "é" * 10 + "\ufffd", GAPS),
        ("a.txt", RUSSIAN.encode("cp1251"), RUSSIAN, "read as Windows-1251"),
        ("a.txt", RUSSIAN.encode("koi8_r"), RUSSIAN, "read as KOI8-R"),
        ("a.txt", JAPANESE.encode("shift_jis"), JAPANESE, "read as Shift JIS"),
        ("a.txt", JAPANESE.encode("euc_jp"), JAPANESE, "read as EUC-JP"),
        ("a.txt", JAPANESE.encode("iso2022_jp"), JAPANESE, "read as ISO-2022-JP"),
        (
            "a.txt",
            "这是一个中文文本文件，用来测试编码检测。".encode("gb18030"),
            "这是一个中文文本文件，用来测试编码检测。",
            "read as GB 18030",
        ),
        (
            "a.txt",
            "這是一個中文文字檔案，用來測試編碼偵測。".encode("big5"),
            "這是一個中文文字檔案，用來測試編碼偵測。",
            "read as Big5",
        ),
        ("a.txt", "Příliš žluťoučký kůň".encode("cp1250"), "Příliš žluťoučký kůň", "read as Windows-1250"),
        (
            "a.txt",
            "Straße, größer – „Zitat“ €5".encode("cp1252"),
            "Straße, größer – „Zitat“ €5",
            "read as Windows-1252",
        ),
        ("a.log", b"\x1b[31mred\x1b[0m", "\x1b[31mred\x1b[0m", ""),
    ],
)
def test_text_of_any_kind(tmp_path: Path, name: str, data: bytes, text: str, note: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    found = read(path)
    assert (found.name, found.text, found.note, found.size) == (name, text, note, len(data))
    assert found.tokens > len(text) // 4


def test_a_long_text_is_cut_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("x" * (MOST_CHARACTERS + 5))
    found = read(path)
    assert len(found.text) == MOST_CHARACTERS
    assert found.note == "cut after 400,000 of 400,005 characters"
    assert attach_text("Pasted", "x" * (MOST_CHARACTERS + 5)).note == found.note


def test_the_pages_of_a_pdf(tmp_path: Path) -> None:
    found = read(pdf(tmp_path / "a.PDF", "First page", "Second page"))
    assert found.text == "[page 1]\nFirst page\n\n[page 2]\nSecond page"
    assert found.media == "application/pdf"


def test_headings_lists_and_tables_of_a_word_file(tmp_path: Path) -> None:
    document = Document()
    document.add_heading("Report", 1)
    document.add_paragraph("Some text.")
    document.add_paragraph("A point", style="List Bullet")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "one", "two"
    document.add_paragraph("After.")
    document.save(str(tmp_path / "a.docx"))
    found = read(tmp_path / "a.docx")
    assert found.text == "# Report\n\nSome text.\n\n- A point\n\n| one | two |\n\nAfter."


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def test_all_that_a_word_file_shows_is_read(tmp_path: Path) -> None:
    document = Document()
    section = document.sections[0]
    section.header.paragraphs[0].text, section.footer.paragraphs[0].text = "Contract 7", "Draft"
    for xml in (
        "<w:p><w:ins><w:r><w:t>inserted</w:t></w:r></w:ins><w:del><w:r><w:delText>deleted</w:delText></w:r></w:del>"
        "<w:hyperlink><w:r><w:t xml:space='preserve'> linked</w:t></w:r></w:hyperlink></w:p>",
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>in a control</w:t></w:r></w:p></w:sdtContent></w:sdt>",
        "<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r><w:smartTag><w:r><w:t>smart</w:t></w:r>"
        "</w:smartTag><w:sdt><w:sdtContent><w:r><w:t>inline</w:t></w:r></w:sdtContent></w:sdt></w:p>",
        "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>a point</w:t></w:r></w:p>",
        "<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='30000000'/></w:tcPr><w:p><w:r><w:t>x|y</w:t></w:r></w:p>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>nested</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:tc>"
        "<w:tc><w:p><w:r><w:t>z</w:t></w:r></w:p></w:tc></w:tr></w:tbl>",
    ):
        document.element.body.insert(-1, parse_xml(xml.replace(">", f" {W}>", 1)))
    document.save(str(tmp_path / "a.docx"))
    assert read(tmp_path / "a.docx").text == (
        "[header] Contract 7\n\ninserted linked\n\nin a control\n\na\tb\ncsmartinline\n\n- a point\n\n"
        "| x\\|y nested | z |\n\n[footer] Draft"
    )


def test_a_word_file_that_is_nested_deeply_is_read(tmp_path: Path) -> None:
    document = Document()
    document.save(str(tmp_path / "plain.docx"))
    with zipfile.ZipFile(tmp_path / "plain.docx") as plain, zipfile.ZipFile(tmp_path / "a.docx", "w") as deep:
        for entry in plain.infolist():
            data = plain.read(entry)
            if entry.filename == "word/document.xml":
                inner = b"<w:sdt><w:sdtContent>" * 100 + b"<w:p><w:r><w:t>deep</w:t></w:r></w:p>"
                data = data.replace(b"<w:body>", b"<w:body>" + inner + b"</w:sdtContent></w:sdt>" * 100)
            deep.writestr(entry.filename, data)
    assert read(tmp_path / "a.docx").text == "deep"


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<" + bytes(400_000_000))


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2_000_000_000)


def cut_off(path: Path) -> None:
    document = Document()
    document.add_paragraph("Text")
    document.save(str(path))
    path.write_bytes(path.read_bytes()[:-200])


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("a.bin", lambda path: path.write_bytes(bytes(range(256)) * 9), "not a text file"),
        ("control.txt", lambda path: path.write_bytes(b"\x01\x02\x03\x04 text"), "not a text file"),
        ("empty.txt", lambda path: path.write_bytes(b" \n"), "holds no text"),
        ("a.txt", sparse, "larger than 100 MB"),
        ("a.pdf", sparse, "larger than 100 MB"),
        ("a.docx", bomb, "unpacks to far more"),
        ("a.docx", cut_off, "not a Word file"),
        ("a.docx", lambda path: path.write_bytes(b"PK"), "not a Word file"),
        ("a.pdf", lambda path: path.write_bytes(b"%PDF-1.7 nothing"), "not a PDF"),
        ("a.pdf", lambda path: path.write_bytes(b""), "not a PDF"),
        ("a.pdf", lambda path: pdf(path, "Secret", password="x"), "protected by a password"),
        ("a.pdf", lambda path: pdf(path, ""), "no text"),
        ("folder", lambda path: path.mkdir(), "not a file"),
        ("missing.txt", lambda path: None, "No such file"),
        ("a.docx", lambda path: None, "No such file"),
    ],
)
def test_what_cannot_be_attached_gets_a_sentence(
    tmp_path: Path, name: str, make: Callable[[Path], object], words: str
) -> None:
    make(tmp_path / name)
    assert words in refused(tmp_path / name)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes in folders")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    assert "not a file" in refused(tmp_path / "pipe.txt")


def test_a_file_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirador_desktop.attaching.PATIENCE", 0.0)
    assert "took longer than 0 s" in refused(pdf(tmp_path / "a.pdf", "Text"))


def test_a_process_that_dies_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "false")
    assert "too much memory or is broken" in refused(pdf(tmp_path / "a.pdf", "Text"))


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        text, _ = decode(data)
    except AttachmentError:
        return
    text.encode("utf-8", "replace")
    assert "\r" not in text


def test_what_is_printed_for_a_broken_library_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    def broken(path: Path) -> None:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(attached_file, "_limit_memory", lambda: None)
    monkeypatch.setattr(attached_file, "pdf_text", broken)
    assert attached_file.main(tmp_path / "a.pdf") == 0
    assert capfdbinary.readouterr().out == b'{"error": "it is broken (ZeroDivisionError: odd)"}'


def test_tokens_of_images() -> None:
    assert image_tokens(10, 10) == 256
    assert image_tokens(1568, 1568) == 3136
