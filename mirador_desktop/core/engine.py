"""The `Engine` protocol: what the pipeline needs of anything that runs models."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from mirador_desktop.core.events import Waiting
from mirador_desktop.core.manager import ModelManager
from mirador_desktop.errors import EngineError, Trouble

EngineKind = Literal["ollama", "openai", "guide"]


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model installed on an engine.

    Attributes:
        size: bytes on disk, 0 if unknown.
        parameters: as the engine words it, for example "7.6B"; "" if unknown.
        context: longest context the model was made for, in tokens; 0 if unknown.
        window: tokens of prompt and answer together that it is really run with.
        capabilities: `completion`, `thinking`, `vision`, `tools`, `embedding`; `remote` if it runs on
            somebody else's machine; `stages` if it answers each stage in its own way; empty if the engine
            is too old to say.
        modified: Unix time of its last change on the engine, 0 if unknown.
        digest: what tells one version of it from another, "" if unknown.
    """

    name: str
    engine: str
    size: int = 0
    parameters: str = ""
    quantisation: str = ""
    context: int = 0
    window: int = 8192
    capabilities: frozenset[str] = frozenset()
    modified: float = 0.0
    digest: str = ""

    @property
    def can_chat(self) -> bool:
        """Whether it can answer: all but models that only make embeddings."""
        return "completion" in self.capabilities or not self.capabilities

    @property
    def can_see(self) -> bool:
        """Whether images may be sent to it: where the engine does not tell, it is tried."""
        return "vision" in self.capabilities or not self.capabilities


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model in an engine's memory.

    Attributes:
        size: bytes in memory, GPU and main memory together.
        size_gpu: bytes of it in GPU memory.
        expires: Unix time at which the engine will unload it, None if never or unknown.
    """

    name: str
    engine: str
    size: int
    size_gpu: int = 0
    expires: float | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat.

    Attributes:
        images: what the model is to look at: PNG, JPEG or WebP.
    """

    role: Literal["system", "user", "assistant"]
    content: str
    images: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What one model is asked.

    Attributes:
        stage: the asking stage's name; engines other than the guide ignore it.
        question: the person's question alone, for engines that do not read prompts.
        max_tokens: most tokens to generate.
        think: whether the model should think first, where it can.
        options: how the model is run for this request alone (`num_ctx`, `num_gpu`, `num_thread`, `num_batch`), in
            place of what is set; None for what is set.
    """

    model: str
    messages: tuple[Message, ...]
    temperature: float
    max_tokens: int
    stage: str = ""
    question: str = ""
    think: bool = True
    options: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """One token of an answer.

    Attributes:
        logprob: natural logarithm of its probability, None where the engine gives none.
        alternatives: most probable tokens here with their probabilities (0 to 1), where known.
    """

    text: str
    thinking: bool = False
    logprob: float | None = None
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing yet, and why: see `StageWaiting`."""

    why: Waiting
    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The model has ended properly.

    Attributes:
        reason: `done`; `length` when `max_tokens` were reached; `nothing` when the engine has nothing to
            say on the question, so that later stages would not either.
        tokens: as the engine counted them, 0 if it did not.
        seconds: time the engine spent generating, 0 if unknown.
        prompt_tokens: tokens of the prompt as the engine counted them, 0 if unknown.
    """

    reason: Literal["done", "length", "nothing"]
    tokens: int = 0
    seconds: float = 0.0
    prompt_tokens: int = 0


Chunk = Piece | Wait | Done


@dataclass(frozen=True, slots=True)
class EngineState:
    """What a look at an engine found.

    Attributes:
        reachable: whether it answered.
        version: as the engine words it, "" if unknown.
        models: what is installed there.
        loaded: what is in its memory.
        latency: seconds for the answer to the shortest request.
        error: if not reachable, a sentence that says why.
        trouble: if not reachable, the kind of reason.
    """

    reachable: bool
    version: str = ""
    models: tuple[ModelInfo, ...] = ()
    loaded: tuple[LoadedModel, ...] = ()
    latency: float = 0.0
    error: str = ""
    trouble: Trouble = ""


class Engine(Protocol):
    """Something that runs models.

    Every method raises an `EngineError` (see `mirador_desktop.errors`) and nothing else when the engine
    does not do what was asked. Cancelling the task that waits for a method closes its connection.
    """

    name: str
    """Shown to the person, unique among engines, for example "this computer"."""
    kind: EngineKind
    address: str
    """Where it is, without secrets; "" for built-in engines."""

    @property
    def manager(self) -> ModelManager | None:
        """What pulls and changes its models; None where that is not done from here."""
        ...

    async def look(self) -> EngineState:
        """Find out whether it answers and what is there. Never raises an EngineError: see `error`."""
        ...

    def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Stream an answer; ends with exactly one `Done`, or raises."""
        ...

    async def preload(self, model: str) -> None:
        """Load a model into memory; returns when it is there."""
        ...

    async def unload(self, model: str) -> None:
        """Ask the engine to drop a model from memory."""
        ...

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        """Turn texts into numbers, one list for each, in their order."""
        ...

    async def idle(self) -> None:
        """Wait until none of its requests runs."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class EngineList(Protocol):
    """The engines there are, and what the last look at each found."""

    @property
    def engines(self) -> Sequence[Engine]:
        """All of them, in order of preference."""
        ...

    @property
    def states(self) -> Mapping[str, EngineState | None]:
        """What the last look found, by the engine's name; None before the first."""
        ...

    def listen(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever something was found, or the engines are others."""
        ...

    async def look(self) -> None:
        """Look at all of them now."""
        ...

    def wake(self) -> None:
        """Look at all of them soon, without waiting for it."""
        ...


class ModelSource(Protocol):
    """What is installed where, as the orchestrator sees it."""

    def models(self) -> Sequence[ModelInfo]:
        """All models of all engines that answer."""
        ...

    def engine_of(self, model: str) -> Engine | None:
        """The engine that runs a model, or None if nobody has it."""
        ...

    def lost(self, engine: Engine, error: EngineError) -> None:
        """An engine could not be reached, or refused access: it is left out until the next look at it."""
        ...

    def fits(self, model: ModelInfo) -> bool:
        """Whether a model fits into the memory of the machine it runs on, as far as that is known."""
        ...

    def why_nothing(self) -> str:
        """While `models()` is empty: a sentence that says why and what to do."""
        ...
