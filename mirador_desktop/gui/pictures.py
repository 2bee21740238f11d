"""Images that are attached to a question: read with Qt, made no larger than models look at, and encoded."""

import stat
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader

from mirador_desktop.core.attachments import image_tokens
from mirador_desktop.core.conversation import Attachment
from mirador_desktop.errors import AttachmentError

LONGEST = 2048
"""Pixels of the longer side: models that see scale what is larger down themselves."""
_MOST_PIXELS = 200_000_000
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff")


def is_image(path: Path) -> bool:
    """Whether a file is one by its ending."""
    return path.suffix.lower() in ENDINGS


def read_image(path: Path) -> Attachment:
    """Read an image file. Not for the GUI thread.

    Raises:
        AttachmentError: a sentence about the file that says why it cannot be attached.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise AttachmentError(f"{path.name} cannot be attached: {error.strerror or error}.") from error
    if not stat.S_ISREG(found.st_mode):
        raise AttachmentError(f"{path.name} cannot be attached: it is not a file.")
    reader = QImageReader(str(path))
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)  # as the camera was held
    whole = reader.size()
    if whole.isValid() and whole.width() * whole.height() > _MOST_PIXELS:
        pixels = f"{whole.width():,} × {whole.height():,}"
        raise AttachmentError(f"{path.name} cannot be attached: it is {pixels} pixels large.")
    if whole.isValid() and max(whole.width(), whole.height()) > LONGEST and reader.format() == b"jpeg":
        reader.setScaledSize(whole.scaled(LONGEST, LONGEST, Qt.AspectRatioMode.KeepAspectRatio))  # while decoding
    image = reader.read()
    if image.isNull():
        raise AttachmentError(f"{path.name} cannot be attached: it is not an image that can be read.")
    return attached(path.name, image, found.st_size, whole if whole.isValid() else image.size())


def attached(name: str, image: QImage, size: int = 0, whole: QSize | None = None) -> Attachment:
    """An image as an attachment: PNG where it is small or has transparent parts, else JPEG. Not for the GUI thread.

    Args:
        size: bytes of the file it comes from, 0 for what was pasted.
        whole: its size in that file, where it was made smaller already.
    """
    whole = whole if whole is not None else image.size()
    if max(image.width(), image.height()) > LONGEST:
        image = image.scaled(
            LONGEST, LONGEST, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    note = ""
    if max(whole.width(), whole.height()) > LONGEST:
        note = f"made smaller, from {whole.width():,} × {whole.height():,} to {image.width():,} × {image.height():,}"
    photo = image.width() * image.height() > 512 * 512 and not image.hasAlphaChannel()
    kind = "JPEG" if photo and not name.lower().endswith((".png", ".gif")) else "PNG"
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, kind, 90 if kind == "JPEG" else -1)  # type: ignore[call-overload]
    data = bytes(buffer.data().data())
    tokens = image_tokens(image.width(), image.height())
    return Attachment(name, f"image/{kind.lower()}", size or len(data), tokens, note, "", data)


def thumbnail(data: bytes, side: int = 64) -> QImage:
    """An image no larger than `side` pixels; null if it cannot be read. Not for the GUI thread."""
    image = QImage.fromData(data)
    if image.isNull():
        return image
    return image.scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
