"""Vectors of memories by an embedding model: kept in the database, searched exactly.

A vector is kept as signed bytes, scaled so that its largest number is 127: a quarter of the size of 32-bit numbers,
and cosines differ by less than a hundredth. Those of whole memories are held in memory once something is searched,
those of single passages are read when a memory is looked at more closely.
"""

import heapq
import json
import math
import re
import sys
import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import apsw

from mirador_desktop.errors import StoreError
from mirador_desktop.memory.migrations import transaction
from mirador_desktop.memory.recall_index import speaker_in
from mirador_desktop.memory.recall_keeping import read_memories

MOST_DIMENSIONS = 8192
MOST_PASSAGES = 8
"""Passages of a memory that have vectors of their own."""
_SHORTEST_PASSAGE = 8
_WHOLE_CHARACTERS = 2000
_PASSAGE_CHARACTERS = 600
"""Embedding models read a few hundred tokens; what is longer they cut off."""
_UP_TO_TWO = 0x3F
_SAMPLE = 2000
"""Similarities of which mean and spread are computed."""
_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？\n]*")


class VectorRefused(StoreError):
    """What a server gave is not a vector that can be compared; the text says why."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A memory without vectors.

    Attributes:
        texts: what to embed: the whole memory first, then its passages.
    """

    number: int
    texts: tuple[str, ...]


class Scan:
    """The similarities of one vector to all memories.

    Attributes:
        mean, spread: of all similarities; the mean differs much between models.
    """

    def __init__(
        self, model: str, query: bytes, places: dict[int, int], numbers: list[int], distances: "array[float]"
    ) -> None:
        self._model, self._query = model, query
        self._places, self._numbers, self._distances = places, numbers, distances
        sampled = distances[:: max(1, len(distances) // _SAMPLE)]
        self.mean = 1 - math.fsum(sampled) / len(sampled)
        self.spread = math.sqrt(math.fsum((1 - d - self.mean) ** 2 for d in sampled) / len(sampled))

    def of(self, number: int) -> float | None:
        """The similarity to one memory, None without a vector."""
        place = self._places.get(number)
        return None if place is None else 1 - self._distances[place]

    def top(self, limit: int) -> list[tuple[int, float]]:
        """The most similar memories with their cosines, best first."""
        places = smallest_places(self._distances, limit)
        return [(self._numbers[place], 1 - self._distances[place]) for place in places]

    def passages(self, connection: apsw.Connection, numbers: Iterable[int]) -> dict[int, float]:
        """The similarity of the most similar passage of each of these memories."""
        found: dict[int, float] = {}
        size = len(self._query)
        sql = """SELECT memory, passages FROM memory_vectors
            WHERE model = ? AND memory IN (SELECT value FROM json_each(?)) AND passages <> x''"""
        rows: Iterable[Any] = connection.execute(sql, (self._model, json.dumps(list(numbers))))
        for number, blob in rows:
            if len(blob) % size == 0:
                found[number] = 1 - min(cosine_distances(self._query, bytearray(blob), size))
        return found


class Vectors:
    """Holds and searches vectors. One object for the program; its methods are for `Store.read`.

    What other connections change is noticed. Only what was added is loaded, unless something changed or went.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model = ""
        self._dimensions = 0
        self._matrix = bytearray()
        self._places: dict[int, int] = {}
        self._numbers: list[int] = []
        self._last = 0
        self._state: tuple[object, ...] = ()

    def scan(self, connection: apsw.Connection, model: str, vector: Sequence[float]) -> Scan | None:
        """Compare a vector with those of all memories; None if the model made none.

        Raises:
            VectorRefused: it cannot be compared with them.
        """
        with self._lock:
            self._load(connection, model)
            if not self._places:
                return None
            query = packed(vector)
            if len(query) != self._dimensions:
                raise VectorRefused(
                    f"{model} gave {len(query):,} numbers for the question, and {self._dimensions:,} for memories. "
                    "Let the memories be prepared anew, in the settings under “Memory”."
                )
            distances = cosine_distances(query, self._matrix, self._dimensions)
            return Scan(model, query, self._places, self._numbers, distances)

    def search(
        self, connection: apsw.Connection, model: str, vector: Sequence[float], limit: int
    ) -> list[tuple[int, float]]:
        """The most similar memories, as (number, cosine), best first. Raises `VectorRefused`."""
        found = self.scan(connection, model, vector)
        return [] if found is None else found.top(limit)

    def unload(self) -> None:
        """Free the memory; the next search loads the vectors again."""
        with self._lock:
            self._model, self._matrix, self._state = "", bytearray(), ()
            self._places, self._numbers = {}, []

    def _load(self, connection: apsw.Connection, model: str) -> None:
        """Bring what is held up to date, by what changed in the table since."""
        state = (id(connection), connection.pragma("data_version"))
        if model == self._model and state == self._state:
            return
        held, last = (self._places, self._last) if model == self._model else ({}, 0)
        there = {
            int(str(number)): int(str(stamp))
            for number, stamp in connection.execute(
                "SELECT memory, stamp FROM memory_vectors WHERE model = ?", (model,)
            )
        }
        size = self._dimensions
        if held.keys() - there.keys() or any(stamp > last and number in held for number, stamp in there.items()):
            held, last = {}, 0  # some are gone, or changed: load all
        if not held:
            self._matrix, self._places, self._numbers = bytearray(), {}, []
            size = int(
                str(
                    connection.execute("SELECT dimensions FROM memory_vectors WHERE model = ? LIMIT 1", (model,)).get
                    or 0
                )
            )
        sql = (
            "SELECT memory, whole FROM memory_vectors WHERE model = ? AND dimensions = ? AND stamp > ? ORDER BY stamp"
        )
        rows: Iterable[Any] = connection.execute(sql, (model, size, last))
        for number, whole in rows:
            self._places[number] = len(self._numbers)
            self._numbers.append(number)
            self._matrix += whole
        self._last = max(there.values(), default=0)
        self._model, self._dimensions, self._state = model, size, state


def missing(connection: apsw.Connection, model: str, limit: int) -> list[Wanted]:
    """Memories that have no vectors of this model yet, the latest first."""
    sql = """SELECT number FROM memories m WHERE NOT EXISTS
        (SELECT 1 FROM memory_vectors v WHERE v.model = ? AND v.memory = m.number) ORDER BY number DESC LIMIT ?"""
    numbers = [int(str(number)) for (number,) in connection.execute(sql, (model, limit))]
    memories = read_memories(connection, numbers)
    return [Wanted(number, texts_of(memories[number].text)) for number in numbers if number in memories]


def texts_of(text: str) -> tuple[str, ...]:
    """What to embed of a memory's text: its beginning, and its sentences, many of them joined to few passages."""
    _, text = speaker_in(text)  # who speaks says nothing of the subject, and to a model all names are alike
    whole = text.strip()[:_WHOLE_CHARACTERS] or "…"
    sentences = [s.strip() for s in _SENTENCE.findall(text[: MOST_PASSAGES * _PASSAGE_CHARACTERS])]
    sentences = [s for s in sentences if len(s) > _SHORTEST_PASSAGE]
    if len(sentences) < 2:
        return (whole,)
    each = -(-len(sentences) // MOST_PASSAGES)
    joined = [" ".join(sentences[at : at + each]) for at in range(0, len(sentences), each)]
    return (whole, *(passage[:_PASSAGE_CHARACTERS] for passage in joined))


def put(connection: apsw.Connection, model: str, made: Iterable[tuple[int, Sequence[Sequence[float]]]]) -> int:
    """Keep the vectors of memories, each for the texts of its `Wanted`, in that order; says how many were kept.

    Memories that were deleted meanwhile are left out.

    Raises:
        VectorRefused: a vector is empty, too long, of another length than the model's others, or not finite.
            Nothing is kept then.
    """
    kept = 0
    with transaction(connection):
        size = int(
            str(
                connection.execute("SELECT dimensions FROM memory_vectors WHERE model = ? LIMIT 1", (model,)).get or 0
            )
        )
        for number, vectors in made:
            blobs = [packed(vector) for vector in vectors]
            size = size or len(blobs[0])
            wrong = next((len(blob) for blob in blobs if len(blob) != size), None)
            if wrong is not None:
                raise VectorRefused(f"{model} gave vectors of {size:,} and of {wrong:,} numbers; none was kept.")
            if connection.execute("SELECT 1 FROM memories WHERE number = ?", (number,)).get is None:
                continue
            connection.execute("DELETE FROM memory_vectors WHERE model = ? AND memory = ?", (model, number))
            connection.execute(
                "INSERT INTO memory_vectors (memory, model, dimensions, whole, passages) VALUES (?, ?, ?, ?, ?)",
                (number, model, size, blobs[0], b"".join(blobs[1:])),
            )
            kept += 1
    return kept


def keep_only(connection: apsw.Connection, model: str) -> int:
    """Delete the vectors of all other models ("" for all); says of how many memories."""
    with transaction(connection):
        connection.execute("DELETE FROM memory_vectors WHERE model <> ?", (model,))
        return connection.changes()


def counted(connection: apsw.Connection, model: str) -> tuple[int, int]:
    """How many memories have vectors of the model, and how many there are."""
    done = connection.execute("SELECT count(*) FROM memory_vectors WHERE model = ?", (model,)).get
    return int(str(done)), int(str(connection.execute("SELECT count(*) FROM memories").get))


def packed(vector: Sequence[float]) -> bytes:
    """A vector as signed bytes. Raises `VectorRefused`."""
    if not 0 < len(vector) <= MOST_DIMENSIONS:
        raise VectorRefused(f"The embedding model gave a vector of {len(vector):,} numbers, which cannot be used.")
    try:
        largest = max(abs(float(x)) for x in vector)
        finite = all(math.isfinite(x) for x in vector)
    except (TypeError, ValueError):
        finite, largest = False, 0.0
    if not finite or not largest:
        raise VectorRefused("The embedding model gave a vector that is not made of numbers, or of zeros only.")
    return array("b", [round(x / largest * 127) for x in vector]).tobytes()


def smallest_places(values: "array[float]", limit: int) -> list[int]:
    """The places of the smallest values, smallest first.

    To turn each value into a Python object takes longer than to compare the vectors. Positive 64-bit numbers sort as
    their bytes do, so the second highest byte (four bits of the exponent and four of the mantissa) tells which few
    can be among the smallest, where the highest is the same for all: it is from 2^-15 up to 2.
    """
    items = memoryview(values).cast("B")
    first, second = (7, 6) if sys.byteorder == "little" else (0, 1)
    places: Iterable[int] = range(len(values))
    if len(values) > limit and bytes(items[first::8]).count(_UP_TO_TWO) == len(values):
        keys = bytes(items[second::8])
        every = bytes(range(256))
        most = bisect_left(every, limit, key=lambda key: len(keys) - len(keys.translate(None, every[: key + 1])))
        marked = keys.translate(b"1" * (most + 1) + b"0" * (255 - most))
        places = [match.start() for match in re.finditer(b"1", marked)]
    return heapq.nsmallest(limit, places, key=values.__getitem__)


def cosine_distances(query: bytes, matrix: bytearray, dimensions: int) -> "array[float]":
    """One minus the cosine, between a vector and each row of a matrix, both of signed bytes."""
    import simsimd  # where it is first used, not at the start

    one = memoryview(query).cast("b", (1, dimensions))
    many = memoryview(matrix).cast("b", (len(matrix) // dimensions, dimensions))
    compared: Any = simsimd.cdist(one, many, "cosine")
    distances = array("d")
    distances.frombytes(memoryview(compared).cast("B"))
    return distances
