"""From the bytes of a text file to its text, whatever encoding it is in."""

import codecs
import re

from mirador_desktop.errors import AttachmentError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins like UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OLD = (
    "cp1250", "cp1251", "cp1252", "cp1253", "cp1255", "cp1256", "koi8_r",
    "cp932", "euc_jp", "gb18030", "big5", "euc_kr",
)  # fmt: skip
_NAMES = {"cp932": "Shift JIS", "euc_jp": "EUC-JP", "gb18030": "GB 18030", "euc_kr": "EUC-KR", "koi8_r": "KOI8-R"}
_SAMPLE = 50_000
_ESCAPED = re.compile(rb"\x1b(?:\$[@B]|\([BJI])")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_WESTERN = re.compile(
    r"[\x00-\x7f€‚„…‘’“”•–—Œœ™ ¡£§©«®°´·»¿ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüÿ]*"
)
_MOST_CONTROLS = 0.02


def decode(data: bytes) -> tuple[str, str]:
    """The text of a file, and a note where its encoding was guessed or something in it cannot be read.

    Line breaks become "\\n".

    Raises:
        AttachmentError: it is no text.
    """
    text, note = _decoded(data)
    beginning = text[:100_000]
    controls = sum(c < " " and c not in "\t\n\r\f\x1b" for c in beginning)
    if controls > _MOST_CONTROLS * len(beginning):
        raise AttachmentError("it is not a text file")
    return text.replace("\r\n", "\n").replace("\r", "\n"), note


def _decoded(data: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _with_gaps(data, encoding)
    if b"\x00" in data:
        raise AttachmentError("it is not a text file")
    if _ESCAPED.search(data):
        try:
            return data.decode("iso2022_jp"), "read as ISO-2022-JP"
        except UnicodeDecodeError:
            pass
    text, note = _with_gaps(data, "utf-8")
    gaps = text.count("\ufffd")
    beyond = sum(char > "\x7f" for char in text) if note else 0
    if gaps <= beyond - gaps:  # in another encoding, hardly anything beyond ASCII would be UTF-8
        return text, note
    encoding = _old_encoding(data[:_SAMPLE])
    text = data.decode(encoding, "replace")
    name = _NAMES.get(encoding, encoding.replace("cp", "Windows-").replace("big5", "Big5"))
    return text, f"read as {name}"


def _with_gaps(data: bytes, encoding: str) -> tuple[str, str]:
    try:
        return data.decode(encoding), ""
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        return text, "what is not valid UTF-8 in it shows as \ufffd" if encoding.startswith("utf-8") else "damaged"


def _old_encoding(sample: bytes) -> str:
    """The encoding from before Unicode that a text is probably in; that of Western Europe where nothing tells."""
    western = _WESTERN.fullmatch(sample.decode("cp1252", "replace")) is not None
    beyond = sum(map(len, _BEYOND_ASCII.findall(sample)))
    if western and beyond < 0.3 * len(sample.replace(b" ", b"")):
        return "cp1252"
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=list(_OLD)).best()
    if best is None or (western and best.encoding == "cp1250"):
        return "cp1252"
    return best.encoding
