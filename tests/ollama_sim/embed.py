"""POST /api/embed: numbers for texts, the nearer the more words and parts of words they share."""

import math
import re
import time
from functools import lru_cache

from tests.ollama_sim import checks
from tests.ollama_sim.chat import Call
from tests.ollama_sim.loading import Refused
from tests.ollama_sim.scenario import Json
from tests.ollama_sim.words import seeded

_COMMON = {"the", "a", "an", "of", "to", "and", "in", "is", "it", "i", "my", "how", "do", "for", "on", "with"}


@lru_cache(maxsize=4096)
def _direction(part: str, length: int) -> tuple[float, ...]:
    chooser = seeded("direction", part)
    return tuple(chooser.gauss(0, 1) for _ in range(length))


def vector(text: str, length: int) -> list[float]:
    """A unit vector that depends on the words, the common ones counting little."""
    total = [0.0] * length
    for word in re.findall(r"\w+", text.lower()) or [text]:
        weight = 0.15 if word in _COMMON else 1.0
        parts = [(word, weight)]
        if len(word) > 3:
            parts += [(word[i : i + 3], weight / 3) for i in range(len(word) - 2)]
        for part, share in parts:
            for place, number in enumerate(_direction(part, length)):
                total[place] += number * share
    size = math.sqrt(sum(number * number for number in total)) or 1.0
    return [round(number / size, 8) for number in total]


async def numbers(call: Call, name: str, body: Json) -> tuple[list[list[float]], Json]:
    """The vectors of a request and what the last line says of the work."""
    model = call.state.model(name, 'model "{}" not found, try pulling it first')
    keep = checks.keep_alive(body.get("keep_alive"))
    given = body.get("input", "")
    texts = [given] if isinstance(given, str) else list(given)
    if not all(isinstance(each, str) for each in texts):
        raise Refused(400, "invalid input type")
    texts = [] if texts == [""] else texts
    began = time.perf_counter()
    context = min(model.context_length, call.state.scenario.server.default_context)
    async with call.state.scheduler.use(model, context, keep) as runner, runner.slots:
        loaded = time.perf_counter()
        counts = [len(re.findall(r"\w+", each)) + 2 for each in texts]
        if body.get("truncate") is False and any(count > context for count in counts):
            raise Refused(400, "the input length exceeds the context length")
        length = int(body.get("dimensions") or model.embedding_length)
        vectors = [vector(each, length) for each in texts]
        metrics: Json = {}
        if texts:
            metrics["total_duration"] = int((time.perf_counter() - began) * 1e9)
            metrics["load_duration"] = int((loaded - began) * 1e9)
            metrics["prompt_eval_count"] = sum(min(count, context) for count in counts)
    return vectors, metrics


async def embed(call: Call) -> None:
    """POST /api/embed."""
    body = checks.body_of(call.request.body, "EmbedRequest")
    name = str(body.get("model") or "")
    if not name:
        raise Refused(400, "model is required")
    vectors, metrics = await numbers(call, name, body)
    call.say(200, {"model": name, "embeddings": vectors, **metrics})


async def embeddings(call: Call) -> None:
    """POST /api/embeddings, the older way: one prompt."""
    body = checks.body_of(call.request.body, "EmbeddingRequest")
    name = str(body.get("model") or "")
    vectors, _ = await numbers(call, name, {**body, "input": str(body.get("prompt") or "")})
    call.say(200, {"embedding": vectors[0] if vectors else []})
