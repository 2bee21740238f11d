"""`python -m tests.benchmarks.retrieval [NUMBER]`: what recall and searching vectors take in 100,000 memories."""

import asyncio
import math
import os
import random
import statistics
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path

import apsw

from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn
from mirador_desktop.memory import recall_index, vectors
from mirador_desktop.memory.migrations import transaction
from mirador_desktop.memory.recall import Recall
from mirador_desktop.memory.store import Store
from tests.benchmarks.table import Row, show

MEMORIES = 100_000
DIMENSIONS = 384
MODEL = "any"
_OF_A_CONVERSATION = 20
_WORDS = 60_000
_SYLLABLES = ("ka", "to", "mi", "ren", "sol", "vu", "ba", "lin", "dor", "pe", "sha", "gu", "ter", "no", "fil", "rux")
_ASKED = 200


class Texts:
    """Texts of made-up words that occur as often as words do (Zipf's law)."""

    def __init__(self) -> None:
        self._random = random.Random(7)
        made: set[str] = set()
        while len(made) < _WORDS:
            made.add("".join(self._random.choices(_SYLLABLES, k=self._random.randint(2, 5))))
        self._words = sorted(made)
        self._random.shuffle(self._words)
        self._weights = list(accumulate(1 / (rank + 20) for rank in range(_WORDS)))

    def text(self, words: int) -> str:
        return " ".join(self._random.choices(self._words, cum_weights=self._weights, k=words))

    def question(self) -> str:
        """Some rare words among common ones, as in a question."""
        rare = self._random.sample(self._words[200:20_000], 3)
        return f"What was {self.text(4)} about {' '.join(rare)}?"

    def vector(self) -> bytes:
        return self._random.randbytes(DIMENSIONS)


def fill(connection: apsw.Connection, texts: Texts, number: int) -> None:
    """Conversations of twenty turns, remembered, with vectors."""
    for first in range(0, number, _OF_A_CONVERSATION):
        with transaction(connection):
            key = f"{first:08x}"
            connection.execute(
                "INSERT INTO conversations (id, title, title_by_person, pinned, created, updated, leaf) "
                "VALUES (?, '', 0, 0, 0, 0, '')",
                (key,),
            )
            parent = ""
            for place in range(first, min(number, first + _OF_A_CONVERSATION)):
                answer = Answer("m", texts.text(80), reason="done")
                turn = Turn(
                    f"{place:032x}", key, parent, texts.text(15), 1.7e9 + place * 300, final_stage="s",
                    stages=[StageRecord("s", answers=[answer])], reason="done",
                )  # fmt: skip
                connection.execute(
                    "INSERT INTO turns (id, conversation, parent, characters, created, intent, complexity, pipeline, "
                    "depth, memories, reason, final_stage, error, question) "
                    "VALUES (?, ?, ?, 0, ?, '', '', '', '', 0, 'done', 's', '', ?)",
                    (turn.id, key, parent, turn.created, turn.question),
                )
                recall_index.put(connection, turn)
                parent = turn.id
    with transaction(connection):
        connection.execute("DELETE FROM to_index")
        connection.executemany(
            "INSERT INTO memory_vectors (memory, model, dimensions, whole, passages) VALUES (?, ?, ?, ?, x'')",
            ((place, MODEL, DIMENSIONS, texts.vector()) for place in range(1, number + 1)),
        )


def times(work: Callable[[], object], repeat: int) -> list[float]:
    """Seconds of each run, shortest first."""
    found = []
    for _ in range(repeat):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return sorted(found)


def p99(seconds: Sequence[float]) -> float:
    """The time that 99 of 100 stay under."""
    return sorted(seconds)[min(len(seconds) - 1, math.ceil(len(seconds) * 0.99) - 1)]


def measure(number: int = MEMORIES) -> list[Row]:
    """The rows of the table."""
    return asyncio.run(_measure(number))


async def _measure(number: int) -> list[Row]:
    os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    texts = Texts()
    with tempfile.TemporaryDirectory(prefix="mirador-retrieval-") as folder:
        store = Store(Path(folder))
        await store.open()
        await store.save([Conversation("c")])
        try:
            began = time.perf_counter()
            await store.write(lambda connection: fill(connection, texts, number))
            filled = time.perf_counter() - began
            rows = [Row(f"{number:,} memories indexed", f"{filled / number * 1000:.2f} ms each")]
            held = vectors.Vectors()
            plain, with_vectors = Recall(store), Recall(store, held)
            for name, recall, vector, goal in (
                ("recall, words only", plain, None, 0.15),
                ("recall, words and vectors", with_vectors, _floats(texts.vector()), 0.15),
            ):
                seconds = []
                await recall.find("What was it about Kator?", vector=vector, model=MODEL)  # loads the vectors
                for _ in range(_ASKED):
                    question = texts.question()
                    began = time.perf_counter()
                    await recall.find(question, now=1.8e9, vector=vector, model=MODEL)
                    seconds.append(time.perf_counter() - began)
                measured = f"{statistics.median(seconds) * 1000:.1f} ms median, {p99(seconds) * 1000:.1f} ms p99"
                rows.append(Row(name, measured, "", p99(seconds) / goal, f"<= 1 ({goal * 1000:.0f} ms p99)"))
            query = _floats(texts.vector())
            found = await store.read(
                lambda connection: times(lambda: held.search(connection, MODEL, query, 50), _ASKED)
            )
            asked, many = texts.vector(), bytearray(number * DIMENSIONS)
            floor = times(lambda: vectors.cosine_distances(asked, many, DIMENSIONS), _ASKED)
            rows.append(
                Row(
                    f"{number:,} x {DIMENSIONS} vectors, best 50",
                    f"{statistics.median(found) * 1000:.1f} ms median, {p99(found) * 1000:.1f} ms p99",
                    f"comparing alone {statistics.median(floor) * 1000:.1f} ms",
                    p99(found) / 0.01,
                    "<= 1 (10 ms p99)",
                )
            )
            return rows
        finally:
            await store.close()


def _floats(data: bytes) -> list[float]:
    return [float(value) for value in array("b", data)]


if __name__ == "__main__":
    show(measure(int(sys.argv[1]) if len(sys.argv) > 1 else MEMORIES))
