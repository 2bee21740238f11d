"""Compiles what a model is sent: role, earlier turns, question and quoted sections, within its window.

What does not fit is cut in a fixed order: the oldest earlier turns first, then the quoted texts (each to an
equal share, cut visibly in the middle). The question and the role are never cut.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mirador_desktop.core.engine import Message
from mirador_desktop.core.prompts import CUT, quote, with_data
from mirador_desktop.errors import ModelRefused

_SPARE = 64  # tokens that a chat template adds around messages


@dataclass(frozen=True, slots=True)
class Section:
    """What one model of an earlier stage wrote.

    Attributes:
        complete: False if it was stopped, failed or cut off by its token limit.
    """

    stage: str
    model: str
    text: str
    complete: bool = True

    @property
    def title(self) -> str:
        """The heading under which it is quoted."""
        return f"Written in the stage “{self.stage}” by {self.model}{'' if self.complete else ', unfinished'}"


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a source of a pipeline's context gave.

    Attributes:
        title: the heading under which it is quoted.
        shorten: gives the text in about so many tokens, with words for what was left out; None leaves out
            its middle.
    """

    title: str
    text: str
    shorten: Callable[[int], str] | None = None


def estimate_tokens(text: str) -> int:
    """Estimate how many tokens a text takes: UTF-8 bytes / 3.5, rounded up.

    Tokenisers in use take 3.5 to 4.5 bytes a token for English and code and about 3 (one character) for CJK;
    erring on the high side keeps prompts inside the window.
    """
    return -(-len(text.encode("utf-8", "replace")) * 2 // 7)


def compile_messages(
    role: str,
    question: str,
    history: Sequence[tuple[str, str]],
    sections: Sequence[Section | Quoted],
    room: int,
) -> tuple[Message, ...]:
    """Put the messages for one model together.

    Args:
        role: the stage's role prompt.
        history: earlier questions with their final answers, oldest first.
        sections: the pipeline's context and what earlier stages wrote. With any, the role says that they are data.
        room: tokens there are for all of it.

    Raises:
        ModelRefused: the question alone is longer than the model can read.
    """
    left = room - _SPARE - estimate_tokens(role) - estimate_tokens(question)
    if left < 0:
        need = estimate_tokens(role) + estimate_tokens(question) + _SPARE
        raise ModelRefused(
            f"The question is too long for this model: about {need:,} tokens, and it reads {max(room, 0):,}. "
            "Shorten it, or use a model with a longer context."
        )
    said = with_data(role)
    more = estimate_tokens(said) - estimate_tokens(role)
    quoted = fit_sections(sections, (left if not history else left * 3 // 4) - more)
    if quoted:
        role, left = said, left - more
    left -= sum(estimate_tokens(q) for q in quoted)
    kept: list[Message] = []
    for asked, answered in reversed(history):
        left -= estimate_tokens(asked) + estimate_tokens(answered) + 8
        if left < 0:
            break
        kept[:0] = [Message("user", asked), Message("assistant", answered)]
    content = question if not quoted else "\n\n".join(["### Question", question, *quoted])
    return (Message("system", role), *kept, Message("user", content))


def fit_sections(sections: Sequence[Section | Quoted], room: int) -> list[str]:
    """Quote all sections in at most `room` tokens; the longest give way first."""
    return [quote(section.title, section.text) for section in fitted(sections, room)]


def fitted(sections: Sequence[Section | Quoted], room: int) -> list[Quoted]:
    """The sections that fit in `room` tokens once quoted, shortened where they must be."""
    if room <= 0:
        return []
    sizes = [estimate_tokens(quote(s.title, s.text)) for s in sections]
    whole = [s if isinstance(s, Quoted) else Quoted(s.title, s.text) for s in sections]
    if sum(sizes) <= room:
        return whole
    share, rest = 0, room
    for place, size in enumerate(sorted(sizes)):  # short ones keep all, the others share what is left
        share = rest // (len(sizes) - place)
        if size > share:
            break
        rest -= size
    kept = []
    for section, size in zip(whole, sizes, strict=True):
        if size <= share:
            kept.append(section)
        elif share > estimate_tokens(section.title) + 24:
            kept.append(replace(section, text=_shortened(section, share)))
    return kept


def _shortened(section: Quoted, tokens: int) -> str:
    """The section's own way to be shorter where it keeps what it promises, else `_cut`."""
    if section.shorten is not None:
        text = section.shorten(tokens)
        if estimate_tokens(quote(section.title, text)) <= tokens:
            return text
    return _cut(section, tokens)


def _cut(section: Quoted, tokens: int) -> str:
    """Shorten a text to about so many tokens by leaving out its middle."""
    text = section.text
    keep = len(text)
    while keep > 40:
        keep = keep * 9 // 10
        cut = f"{text[: keep * 2 // 3]}\n{CUT}\n{text[len(text) - keep // 3 :]}"
        if estimate_tokens(quote(section.title, cut)) <= tokens:
            return cut
    return CUT
