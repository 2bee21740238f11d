"""The built-in guide: answers questions about Mirador from the user guide, without any model.

Full-text search (SQLite FTS5, BM25) finds the sections of `resources/guide/*.md`; a comment `<!-- also: … -->` in
a section holds further words that people ask for it with. The first stage gives the best sentences, the middle
one the sections they come from, the last one the steps put together with the names of their sections. Every
word it writes stands in the guide, so it has no probabilities.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from mirador_desktop.core.engine import ChatRequest, Chunk, Done, EngineKind, EngineState, ModelInfo, Piece
from mirador_desktop.core.manager import ModelManager
from mirador_desktop.errors import EngineError

MODEL = "guide"

_STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        a about all am an and any are as at be because been but by can could did do does for from get
        give go had has have he her him his how i if in into is it its just like many may me might more
        most much my no of off on one only or other our out please shall she should show so some
        tell than that the their them then there these they this those through to too up us use very
        want was way we were what when where which who why will with work works would you your mirador
        """,
    )
)
_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`*])")
_ALSO = re.compile(r"<!-- also:(.*?)-->\s*", re.DOTALL)
_STEP = re.compile(r"^\s*(?:\d{1,2}\.|[-*])\s+(.*)$")


@dataclass(frozen=True, slots=True)
class _Section:
    page: str
    title: str
    text: str
    also: str = ""

    @property
    def name(self) -> str:
        return self.page if self.title == self.page else f"{self.page} › {self.title}"


class Guide:
    """The `Engine` that reads the user guide.

    Args:
        folder: where its pages lie, one Markdown file each.
    """

    name = "guide"
    kind: EngineKind = "guide"
    address = ""
    manager: ModelManager | None = None

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._database: apsw.Connection | None = None
        self._sections: list[_Section] = []

    async def look(self) -> EngineState:
        """See `Engine.look`."""
        try:
            await asyncio.to_thread(self._open)
        except (OSError, UnicodeDecodeError, apsw.Error) as error:
            return EngineState(False, error=f"The guide cannot be read: {error}.")
        model = ModelInfo(MODEL, self.name, capabilities=frozenset({"completion", "stages"}), window=1 << 20)
        return EngineState(True, models=(model,))

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """See `Engine.chat`. `request.stage` decides the form, `request.question` is what is looked up."""
        try:
            text, known = await asyncio.to_thread(self._answer, request)
        except (OSError, UnicodeDecodeError, apsw.Error) as error:
            raise EngineError(f"The guide cannot be read: {error}.") from error
        words = re.findall(r"\s*\S+", text)
        for place, word in enumerate(words):
            yield Piece(word)
            if place % 16 == 0:
                await asyncio.sleep(0)  # let the window paint
        yield Done("done" if known else "nothing", tokens=len(words))

    async def preload(self, model: str) -> None:
        """See `Engine.preload`: there is nothing to load."""

    async def unload(self, model: str) -> None:
        """See `Engine.unload`: there is nothing to unload."""

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        """See `Engine.embed`: it cannot."""
        raise EngineError("The guide makes no embeddings.")

    async def idle(self) -> None:
        """See `Engine.idle`: it is never closed while the program runs."""

    async def close(self) -> None:
        """See `Engine.close`."""
        if self._database is not None:
            self._database.close()
            self._database = None

    # ── in a thread ────────────────────────────────────────────────────────────────────────────────────

    def _open(self) -> apsw.Connection:
        if self._database is not None:
            return self._database
        sections = [s for path in sorted(self._folder.glob("*.md")) for s in _split(path.read_text("utf-8"))]
        if not sections:
            raise OSError(f"there are no pages in {self._folder}")
        database = apsw.Connection(":memory:")
        database.execute(
            "CREATE VIRTUAL TABLE section USING fts5(page, title, also, text, tokenize = 'porter unicode61')"
        )
        database.executemany(
            "INSERT INTO section VALUES (?, ?, ?, ?)", [(s.page, s.title, s.also, s.text) for s in sections]
        )
        self._sections, self._database = sections, database
        return database

    def _answer(self, request: ChatRequest) -> tuple[str, bool]:
        """The text for one stage, and whether the guide knows anything about the question."""
        words = _words(request.question)
        found = self._find(words)
        if not found:
            return self._unknown(), False
        if request.stage == "quick":
            return "\n\n".join(self._sentences(words, found)), True
        if request.stage == "synthesis":
            return _steps(found), True
        return "\n\n".join(f"## {s.name}\n\n{s.text}" for s in found[:2]), True

    def _find(self, words: list[str]) -> list[_Section]:
        """The best sections, best first; none unless the best one is about the question.

        A section gets a point for each of the question's words in it, and another where its heading has the
        word. The best one needs half of the words, and as many points as there are words: so a word that the
        guide does not know weighs against it, unless another one is what the section is about.
        """
        database = self._open()
        wanted = set(words)
        if not wanted:
            return []
        rows = database.execute(
            "SELECT rowid FROM section WHERE section MATCH ? ORDER BY bm25(section, 2.0, 6.0, 6.0, 1.0) LIMIT 12",
            (" OR ".join(f'"{w}"' for w in wanted),),
        ).fetchall()
        known = {w: self._with(f'"{w}"') for w in wanted}
        named = {w: self._with(f'{{title also}} : "{w}"') for w in wanted}
        points = {i: sum((i in known[w]) + (i in named[w]) for w in wanted) for i in (int(str(r[0])) for r in rows)}
        ids = sorted(points, key=lambda i: -points[i])  # stable: BM25 order among equals
        if not ids or points[ids[0]] < len(wanted) or 2 * sum(ids[0] in known[w] for w in wanted) < len(wanted):
            return []
        return [self._sections[i - 1] for i in ids[:4] if 3 * points[i] >= 2 * points[ids[0]]]

    def _with(self, query: str) -> set[int]:
        """The numbers of the sections that match."""
        found = self._open().execute("SELECT rowid FROM section WHERE section MATCH ?", (query,))
        return {int(str(row[0])) for row in found}

    def _sentences(self, words: list[str], found: list[_Section]) -> list[str]:
        """The three sentences of the best sections that say most about the question, in reading order."""
        sentences = [
            (place, number, sentence)
            for place, section in enumerate(found[:2])
            for number, sentence in enumerate(_prose(section.text))
        ]
        stems = [w[:5] for w in words]

        def score(entry: tuple[int, int, str]) -> float:
            lower = entry[2].lower()
            return sum(s in lower for s in stems) - 0.5 * entry[0] - 0.05 * entry[1]

        best = sorted(sorted(sentences, key=score, reverse=True)[:3])
        return [" ".join(sentence for _, _, sentence in best)]

    def _unknown(self) -> str:
        start = next((s for s in self._sections if "model" in s.title.lower()), self._sections[0])
        return (
            "Mirador's guide has nothing on this question; only a model could answer it.\n\n"
            f"To get a model ({start.name}):\n\n{_only_steps(start) or start.text}"
        )


def _words(question: str) -> list[str]:
    """The words of a question that say what it is about."""
    words = _WORD.findall(question.lower())
    about = [w for w in words if w not in _STOP_WORDS and (len(w) > 2 or not w.isdigit()) and len(w) > 1]
    return about or [w for w in words if w == "mirador"]


def _split(page: str) -> list[_Section]:
    """Split a page into its sections at the headings of the first two levels."""
    parts = re.split(r"^(#{1,2}) +(.+)$", page, flags=re.MULTILINE)
    name = next((parts[i + 1].strip() for i in range(1, len(parts), 3) if parts[i] == "#"), "Guide")
    sections = []
    for title, text in zip(parts[2::3], parts[3::3], strict=True):
        also = " ".join(" ".join(_ALSO.findall(text)).split())
        sections.append(_Section(name, title.strip(), _ALSO.sub("", text).strip(), also))
    return [s for s in sections if s.text]


def _prose(text: str) -> list[str]:
    """The sentences of a section's paragraphs and list entries, without tables and code blocks."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    lines: list[str] = []
    for block in re.split(r"\n\s*\n|\n(?=\s*(?:\d{1,2}\.|[-*])\s)", text):
        step = _STEP.match(block.replace("\n", " "))
        line = " ".join((step[1] if step else block).split())
        if line and not line.startswith(("|", "#", ">")):
            lines.append(line)
    return [s for line in lines for s in _SENTENCE.split(line)]


def _only_steps(section: _Section) -> str:
    steps = [
        " ".join(b.split()) for b in re.findall(r"^\d{1,2}\..*(?:\n(?!\d{1,2}\.|\n).*)*", section.text, re.MULTILINE)
    ]
    return "\n".join(steps)


def _steps(found: list[_Section]) -> str:
    """The steps of the best sections, under their names.

    Where one has none: the whole text of the best section if it is a table, else the first sentences.
    """
    parts = []
    for place, section in enumerate(found[:3]):
        table = section.text if not place and "|---|" in section.text else ""
        steps = _only_steps(section) or table or " ".join(_prose(section.text)[:2])
        parts.append(f"**{section.name}**\n\n{steps}")
    return "\n\n".join(parts)
