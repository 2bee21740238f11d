"""`python -m tests.benchmarks.recall FILE`: how much of what was said is found again, through the real index.

FILE holds conversations in the form of LoCoMo: `[{sample_id, conversation {session_N: [{speaker, dia_id, text,
blip_caption?}], session_N_date_time}, qa: [{question, evidence: [dia_id], category}]}]`. Measured is the mean
share of the evidence among the first five memories; questions without any evidence that exists are left out.

    --no-speaker              the texts do not say who speaks, as in talk with an assistant
    --embeddings URL          an OpenAI-compatible server (".../v1"): vectors too; with --model NAME

The answers in the file are not looked at. The last line is `recall@5 0.xxx`.
"""

import argparse
import asyncio
import json
import math
import re
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mirador_desktop.core.conversation import Conversation, Turn
from mirador_desktop.memory import recall_index, rows, vectors
from mirador_desktop.memory.migrations import transaction
from mirador_desktop.memory.recall import Recall
from mirador_desktop.memory.store import Store

K = 5
_EVIDENCE = re.compile(r"D:?(\d+):(\d+)")
_FORMS = ("%I:%M %p on %d %B, %Y", "%I:%M %p on %d %B %Y", "%d %B, %Y", "%Y-%m-%d %H:%M", "%Y-%m-%d")
_A_MINUTE = 60.0
_BATCH = 64


@dataclass
class Sample:
    """One conversation with its questions.

    Attributes:
        turns: its turns, oldest first; a session's first has no parent.
        questions: question, identifiers of the evidence, category.
    """

    name: str
    turns: list[Turn] = field(default_factory=list)
    questions: list[tuple[str, frozenset[str], str]] = field(default_factory=list)


def read(path: Path, *, speakers: bool) -> Iterator[Sample]:
    """The samples of a file; what is missing in it is left out."""
    loaded = json.loads(path.read_text(encoding="utf-8"))
    for number, entry in enumerate(loaded if isinstance(loaded, list) else [loaded]):
        sample = Sample(str(entry.get("sample_id", number)))
        talk = entry["conversation"]
        places: dict[tuple[int, int], str] = {}
        numbers = sorted(int(found[1]) for key in talk if (found := re.fullmatch(r"session_(\d+)", key)))
        for session in numbers:
            began = _time(talk.get(f"session_{session}_date_time", ""), session)
            parent = ""
            for place, said in enumerate(talk[f"session_{session}"] or ()):
                key = f"{number:04x}-{session:04x}-{place:04x}"
                if found := _EVIDENCE.search(str(said.get("dia_id", ""))):
                    places[int(found[1]), int(found[2])] = key
                text = _text(said, speakers=speakers)
                turn = Turn(key, f"{number:04x}", parent, text, began + place * _A_MINUTE, reason="done")
                sample.turns.append(turn)
                parent = key
        for asked in entry.get("qa", ()):
            named = _EVIDENCE.findall(" ".join(map(str, asked.get("evidence") or ())))
            evidence = frozenset(places[int(a), int(b)] for a, b in named if (int(a), int(b)) in places)
            if evidence:
                sample.questions.append((str(asked["question"]), evidence, str(asked.get("category", ""))))
        yield sample


def _text(said: dict[str, Any], *, speakers: bool) -> str:
    text = str(said.get("text") or "")
    if caption := said.get("blip_caption"):
        text = f"[{caption}]\n{text}"
    return f"{said.get('speaker', '')}: {text}" if speakers and said.get("speaker") else text


def _time(text: str, session: int) -> float:
    for form in _FORMS:
        try:
            return datetime.strptime(str(text).strip(), form).timestamp()
        except ValueError:
            continue
    return session * 86400.0


class Bm25:
    """The plain baseline: Okapi BM25 (k1 1.2, b .75) over single turns and whole words."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._ids = [turn.id for turn in turns]
        self._counts = [Counter(re.findall(r"\w+", turn.question.lower())) for turn in turns]
        self._lengths = [counts.total() for counts in self._counts]
        self._average = statistics.fmean(self._lengths) or 1.0
        self._holding = Counter(word for counts in self._counts for word in counts)

    def find(self, question: str) -> list[str]:
        scores = [0.0] * len(self._ids)
        for word in set(re.findall(r"\w+", question.lower())):
            holding = self._holding[word]
            rarity = math.log(1 + (len(self._ids) - holding + 0.5) / (holding + 0.5))
            for place, counts in enumerate(self._counts):
                if times := counts[word]:
                    length = 0.25 + 0.75 * self._lengths[place] / self._average
                    scores[place] += rarity * times * 2.2 / (times + 1.2 * length)
        best = sorted(range(len(scores)), key=lambda place: -scores[place])[:K]
        return [self._ids[place] for place in best]


@dataclass
class Results:
    """What came out, over all samples."""

    shares: list[float] = field(default_factory=list)
    plain: list[float] = field(default_factory=list)
    possible: list[float] = field(default_factory=list)
    categories: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    seconds: list[float] = field(default_factory=list)
    samples: list[tuple[str, int, float]] = field(default_factory=list)


class Embedder:
    """Asks an OpenAI-compatible server for vectors."""

    def __init__(self, url: str, model: str) -> None:
        import httpx

        self.model = model
        self._client = httpx.AsyncClient(base_url=f"{url.rstrip('/')}/", timeout=300)

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        reply = await self._client.post("embeddings", json={"model": self.model, "input": list(texts)})
        reply.raise_for_status()
        data = sorted(reply.json()["data"], key=lambda each: each["index"])
        return [each["embedding"] for each in data]


async def measure(sample: Sample, results: Results, embedder: Embedder | None) -> None:
    """Index one sample in an encrypted database of its own, and ask its questions."""
    with tempfile.TemporaryDirectory(prefix="mirador-recall-") as folder:
        store = Store(Path(folder))
        held = vectors.Vectors()
        recall = Recall(store, held)
        try:
            await store.open()
            await store.save([Conversation(sample.turns[0].conversation, sample.name)], sample.turns)
            await store.write(lambda connection: _index(connection, sample.turns))
            if embedder is not None:
                await _embed_all(store, embedder)
            now = max(turn.created for turn in sample.turns) + 86400
            plain = Bm25(sample.turns)
            shares = []
            for question, evidence, category in sample.questions:
                vector = None
                if embedder is not None:
                    (vector,) = await embedder.embed([await recall.wording(question) or question])
                began = time.perf_counter()
                found = await recall.find(
                    question, now=now, tokens=10**9, vector=vector, model=embedder.model if embedder else ""
                )
                results.seconds.append(time.perf_counter() - began)
                shares.append(_share([each.memory.id for each in found], evidence))
                results.plain.append(_share(plain.find(question), evidence))
                results.possible.append(min(1.0, K / len(evidence)))
                results.categories[category].append(shares[-1])
            results.shares += shares
            results.samples.append((sample.name, len(shares), statistics.fmean(shares) if shares else 0.0))
        finally:
            await store.close()


def _index(connection: Any, turns: Sequence[Turn]) -> None:
    with transaction(connection):
        for turn in rows.read_turns(connection, [turn.id for turn in turns]):
            recall_index.put(connection, turn)
        connection.execute("DELETE FROM to_index")


async def _embed_all(store: Store, embedder: Embedder) -> None:
    while wanted := await store.write(lambda connection: vectors.missing(connection, embedder.model, _BATCH)):
        made = await embedder.embed([text for each in wanted for text in each.texts])
        rest = iter(made)
        rows_ = [(each.number, [next(rest) for _ in each.texts]) for each in wanted]
        await store.write(lambda connection, rows_=rows_: vectors.put(connection, embedder.model, rows_))  # type: ignore[misc]


def _share(found: Sequence[str], evidence: frozenset[str]) -> float:
    return len(evidence.intersection(found)) / len(evidence)


def show(results: Results) -> None:
    """Print the tables; the last line is the figure."""
    mean = statistics.fmean
    print("| questions | number | recall@5 |\n|---|---|---|")
    for category, shares in sorted(results.categories.items()):
        print(f"| category {category} | {len(shares)} | {mean(shares):.3f} |")
    for name, count, share in results.samples:
        print(f"| {name} | {count} | {share:.3f} |")
    print("\n| all questions | recall@5 |\n|---|---|")
    print(f"| BM25 on whole words, single turns | {mean(results.plain):.3f} |")
    print(f"| this program | {mean(results.shares):.3f} |")
    print(f"| the best possible | {mean(results.possible):.3f} |")
    times = sorted(results.seconds)
    print(
        f"\nA question took {statistics.median(times) * 1000:.1f} ms (median), "
        f"{times[min(len(times) - 1, math.ceil(len(times) * 0.99) - 1)] * 1000:.1f} ms (p99); the goal is 150 ms.\n"
    )
    print(f"recall@5 {mean(results.shares):.3f}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the file that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.recall", description=__doc__.split("\n")[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--no-speaker", action="store_true", help="the texts do not say who speaks")
    parser.add_argument(
        "--embeddings", metavar="URL", help="an OpenAI-compatible server, as http://127.0.0.1:11434/v1"
    )
    parser.add_argument("--model", default="all-minilm", help="its embedding model")
    options = parser.parse_args(arguments)
    asyncio.run(_measure_all(options))


async def _measure_all(options: argparse.Namespace) -> None:
    embedder = Embedder(options.embeddings, options.model) if options.embeddings else None
    results = Results()
    for sample in read(options.file, speakers=not options.no_speaker):
        if sample.turns and sample.questions:
            await measure(sample, results, embedder)
    if not results.shares:
        raise SystemExit(f"{options.file} has no question with evidence.")
    show(results)


if __name__ == "__main__":
    main()
