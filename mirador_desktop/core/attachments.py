"""What the files that belong to a question become in a prompt, and about how many tokens they take."""

from collections.abc import Iterable
from dataclasses import dataclass

from mirador_desktop.core.context import Quoted, estimate_tokens
from mirador_desktop.core.conversation import Attachment
from mirador_desktop.core.prompts import quote

_PATCH = 28 * 28
"""Pixels that become one token in Qwen2-VL (https://arxiv.org/abs/2409.12191, 2.1), which is in the middle of what
models that see take for a picture: from 256 in all (Gemma 3) to one for 14 × 14 pixels."""
_LEAST_FOR_IMAGE = 256


@dataclass(frozen=True, slots=True)
class Picture:
    """An image as it is sent to a model: PNG, JPEG or WebP."""

    name: str
    media: str
    data: bytes


def image_tokens(width: int, height: int) -> int:
    """Estimate how many tokens an image of so many pixels takes; models differ much in this."""
    return max(_LEAST_FOR_IMAGE, width * height // _PATCH)


def text_tokens(name: str, text: str) -> int:
    """Estimate how many tokens a file's text takes once it is quoted in a prompt."""
    return estimate_tokens(quote(_title(name, False), text))


def sections_of(attachments: Iterable[Attachment], *, earlier: bool = False) -> list[Quoted]:
    """The texts among attachments as sections of a prompt. `earlier`: they belong to questions before this one."""
    return [Quoted(_title(a.name, earlier), a.text) for a in attachments if not a.is_image]


def unseen(pictures: Iterable[Picture]) -> list[Quoted]:
    """What stands in the place of images for a model that cannot see."""
    return [
        Quoted(f"The attached image “{p.name}”", "This model cannot see images; it was not sent.") for p in pictures
    ]


def _title(name: str, earlier: bool) -> str:
    return f"The file “{name}”, attached to {'an earlier' if earlier else 'this'} question"
