"""Searching 100,000 turns of 2 kB: how long each kind of query takes, how large the index is, and to build it."""

import asyncio
import itertools
import random
import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import apsw

from mirador_desktop.core.conversation import Answer, Conversation, StageRecord, Turn, new_id
from mirador_desktop.core.search_query import parse
from mirador_desktop.memory import rows, search_index
from mirador_desktop.memory.migrations import transaction
from mirador_desktop.memory.store import Store
from tests import driving
from tests.benchmarks.table import Row
from tests.ollama_sim.sample_texts import LARGE, MIDDLE, QUESTION, SMALL

TURNS = 100_000
_IN_CONVERSATION = 10
_MODELS = ("llama3.2:3b", "qwen2.5:14b", "gemma3:27b", "mistral-small:24b")
_KINDS: dict[str, list[str]] = {
    "one letter": ["t", "a", "s", "z", "q"],
    "two letters": ["th", "co", "in", "re", "zu"],
    "three letters": ["con", "pro", "the", "pre", "zan"],
    "four letters and more": ["cont", "prog", "inter", "morden", "tanka"],
    "a very common word": ["the ", "of ", "and ", "to "],
    "a rare word": ["importtime ", "lanone ", "trabler "],
    "several words": ["the program start ", "of and to a ", "slow import p", "the c"],
    "a phrase": ['"of the"', '"to the a"', '"and the in"', '"the of and"'],
    "model:, stage:": ["model:llama the", "stage:deep of ", "model:gemma3 stage:quick the", "model:qwen"],
    "before:, after:": ["after:2026-03 the ", "before:2026-02 the", "after:2025-12-30 before:2026-01-02"],
    "has:code, tag:, -word": ["has:code the", "tag:work the", "the -of", "tag:rare of"],
    "nothing found, forgiven": ["importtmie", "prgoram", "kubernetse cluster"],
}


_FREQUENT = "the of and to a in is that for it as with on be by this are or an from at not can"
_ENDINGS = "ka ri to ne lo ste mor den ul ix tra ble ing er an ment al ive"


def _texts(chance: random.Random) -> Any:
    """Texts of a vocabulary with Zipf's distribution: few words make most of a text, most words are rare."""
    frequent = _FREQUENT.split()
    known = sorted({w.lower() for t in (SMALL, MIDDLE, LARGE, QUESTION) for w in t.split() if w.isalpha()})
    first = [a + b + c for a in "bcdfghklmnprstvwz" for b in "aeiou" for c in "lmnrst"]  # 510 beginnings
    parts = _ENDINGS.split()
    made = sorted(
        {chance.choice(first) + "".join(chance.choices(parts, k=chance.randint(1, 3))) for _ in range(30_000)}
    )
    chance.shuffle(known)
    chance.shuffle(made)
    vocabulary = [*frequent, *known, *made]
    weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(vocabulary))))
    return lambda count: " ".join(chance.choices(vocabulary, cum_weights=weights, k=count))


def fill(connection: apsw.Connection, turns: int) -> None:
    """Write so many turns, ten to a conversation, spread over a year. The caller begins the transaction."""
    chance = random.Random(1)
    text = _texts(chance)
    begun = 1_767_225_600.0 - 200 * 86_400  # spread over a year around the beginning of 2026
    step = 365 * 86_400 / turns
    for first in range(0, turns, _IN_CONVERSATION):
        key = new_id()
        tags = ["work"] * (chance.random() < 0.3) + ["rare"] * (first % 1000 == 0)
        conversation = Conversation(key, text(5), created=begun, updated=begun + first * step, tags=tags)
        connection.execute(rows.WRITE_CONVERSATION, rows.conversation_row(conversation))
        for number in range(first, min(first + _IN_CONVERSATION, turns)):
            code = "\n```python\nprint()\n```" * (chance.random() < 0.2)
            stages = [
                StageRecord("quick", answers=[Answer(_MODELS[number % 2], text(70), reason="done")]),
                StageRecord("deep", answers=[Answer(_MODELS[2 + number % 2], text(220) + code, reason="done")]),
            ]
            if number % 5000 == 0:
                stages[0].answers[0].text += " importtime program kubernetes cluster"
            turn = Turn(new_id(), key, "", text(15), begun + number * step, reason="done", stages=stages)
            connection.execute(rows.WRITE_TURN, rows.turn_row(turn))
            for place, stage in enumerate(stages):
                connection.execute(rows.WRITE_STAGE, rows.stage_row(turn.id, place, stage))
                connection.execute(rows.WRITE_ANSWER, rows.answer_row(turn.id, place, 0, stage.answers[0]))


def _index(connection: apsw.Connection) -> list[float]:
    """Index all turns in slices as the program does; returns the milliseconds a turn took, slice by slice."""
    times = []
    ids = [str(key) for (key,) in connection.execute("SELECT turn FROM to_index ORDER BY turn")]
    for at in range(0, len(ids), 16):
        turns = rows.read_turns(connection, ids[at : at + 16], marks=False)
        begun = time.perf_counter()
        with transaction(connection):
            for turn in turns:
                search_index.put(connection, turn)
        times.append((time.perf_counter() - begun) * 1000 / len(turns))
    connection.execute("DELETE FROM to_index")
    return times


async def _measure(home: Path, turns: int) -> list[Row]:
    store = Store(home / "data")

    def all_of_them(connection: apsw.Connection) -> None:
        with transaction(connection):
            fill(connection, turns)

    await store.open()
    await store.write(all_of_them)
    await store.write(_into_file)
    _, _, before = await store.counts()
    begun = time.perf_counter()
    times = sorted(await store.write(_index))
    took = time.perf_counter() - begun
    await store.write(_into_file)
    _, _, after = await store.counts()
    p99 = times[round(len(times) * 0.99) - 1]
    result = [
        Row(
            f"indexing {turns:,} turns",
            f"{took:.0f} s; a turn p50 {statistics.median(times):.2f} ms, p99 {p99:.2f} ms",
            goal="about 1 ms a turn",
        ),
        Row(
            "size of the index",
            f"{(after - before) / 1e6:.0f} MB",
            f"texts and records {before / 1e6:.0f} MB",
            (after - before) / before,
        ),
    ]
    everything: list[float] = []
    for kind, queries in _KINDS.items():
        measured: list[float] = []
        floors: list[float] = []
        for turn, text in itertools.product(range(12), queries):
            begun = time.perf_counter()
            await store.search(parse(text))
            passed = (time.perf_counter() - begun) * 1000
            if turn:
                measured.append(passed)
            terms = parse(text).terms
            if terms:
                floors.append(await store.read(partial(_floor, words=terms[0].words)))
        everything += measured
        result.append(_row(f"search: {kind}", measured, floors))
    result.append(_row("search: all of these", everything, []))
    await store.close()
    return result


def _into_file(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _floor(connection: apsw.Connection, words: tuple[str, ...]) -> float:
    """An FTS5 query of the same term alone: the numbers of its newest 150 turns."""
    begun = time.perf_counter()
    sql = "SELECT rowid FROM search_words WHERE search_words MATCH ? ORDER BY rowid DESC LIMIT 150"
    connection.execute(sql, (f'"{words[-1]}"*',)).fetchall()
    return (time.perf_counter() - begun) * 1000


def _row(what: str, times: list[float], floors: list[float]) -> Row:
    times.sort()
    p99 = times[max(0, round(len(times) * 0.99) - 1)]
    floor = f"FTS5 alone {statistics.median(floors):.1f} ms" if floors else ""
    measured = f"p50 {statistics.median(times):.1f} ms, p99 {p99:.1f} ms"
    ratio = statistics.median(times) / statistics.median(floors) if floors else None
    return Row(what, measured, floor, ratio, "p99 at most 50 ms")


def measure(turns: int = TURNS) -> list[Row]:
    """Fill a database, index it, search it."""
    with tempfile.TemporaryDirectory() as folder, driving.environment(Path(folder), "127.0.0.1:1"):
        return asyncio.run(_measure(Path(folder), turns))
