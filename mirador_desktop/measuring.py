"""Measures how fast a model answers with one setting or another, on a short prompt."""

from contextlib import aclosing
from dataclasses import dataclass

from mirador_desktop.core.engine import ChatRequest, Done, EngineState, Message, ModelSource, Piece
from mirador_desktop.core.names import same_model
from mirador_desktop.errors import EngineUnreachable, StreamBroken
from mirador_desktop.settings import ModelOptions

PROMPT = "Write the numbers from one to forty as words, each followed by a comma."
TOKENS = 64
"""Most tokens of one measurement: enough for a rate, short enough to wait for."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one setting came to.

    Attributes:
        tokens_per_second: as the server counts them, without loading.
        prompt_tokens: of the short prompt.
        size, size_gpu: bytes in memory, and of those on the GPU; 0 if the server does not tell.
    """

    tokens_per_second: float
    tokens: int
    prompt_tokens: int
    size: int = 0
    size_gpu: int = 0


async def measure(source: ModelSource, model: str, options: ModelOptions) -> Measured:
    """Load a model with some options and let it write up to `TOKENS` tokens.

    Raises:
        EngineError: the server refuses the options, or anything else goes wrong.
    """
    engine = source.engine_of(model)
    if engine is None:
        raise EngineUnreachable(f"No host that answers has {model}.")
    given = {name: getattr(options, name) for name in ("num_ctx", "num_gpu", "num_thread", "num_batch")}
    request = ChatRequest(
        model,
        (Message("user", PROMPT),),
        0.0,
        TOKENS,
        think=False,
        options={name: value for name, value in given.items() if value is not None},
    )
    done: Done | None = None
    count = 0
    async with aclosing(engine.chat(request)) as chunks:
        async for chunk in chunks:
            if isinstance(chunk, Piece):
                count += 1
            elif isinstance(chunk, Done):
                done = chunk
    if done is None or not done.seconds or not (done.tokens or count):
        raise StreamBroken(f"{engine.name} does not tell how long {model} took.")
    tokens = done.tokens or count
    state: EngineState = await engine.look()
    loaded = next((m for m in state.loaded if same_model(m.name, model)), None)
    return Measured(
        tokens / done.seconds,
        tokens,
        done.prompt_tokens,
        loaded.size if loaded is not None else 0,
        loaded.size_gpu if loaded is not None else 0,
    )
