"""What a test server is to play: its options, its models, its registry and its faults.

A scenario is a dict, or a TOML or JSON file with the same names. Unknown names are an error, so that
a misspelt field does not pass silently.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

Json = dict[str, Any]
T = TypeVar("T")


@dataclass
class ServerOptions:
    """How the server behaves as a whole."""

    version: str = "0.24.0"
    num_parallel: int = 1  # answers of one model at the same time
    max_loaded: int = 3  # models in memory at the same time
    max_queue: int = 512  # requests that may wait for a model to be loaded
    memory: int | None = None  # bytes for loaded models; more evicts, a model larger than all is a 500
    token: str | None = None  # a bearer token every request must carry, else 401
    logprobs: bool = True  # False: a server too old for log-probabilities
    show_capabilities: bool = True  # False: a server too old to give capabilities
    refuse: bool = False  # drop every connection without an answer
    network: bool = True  # False: registry.ollama.ai cannot be looked up
    default_context: int = 4096
    keep_alive: float = 300.0
    contention: float = 0.0  # each further answer at the same time slows all by this share
    unload_seconds: float = 0.0  # how long an unloaded model is still listed
    # Of the OpenAI-compatible door: how other servers than Ollama do it
    only_openai: bool = False  # there is no /api
    owned_by: str = "library"
    max_model_len: int | None = None  # told with each model, as vLLM does
    reasoning: str = "reasoning"  # the field of thoughts; vLLM: reasoning_content
    spells_tokens: bool = True  # False: `bytes` is null, as in llama-cpp-python
    does_not_know: list[str] = field(default_factory=list)  # fields of a request that are a 400
    ends_with_done: bool = True  # False: no [DONE] after the last chunk


@dataclass
class Model:
    """One model. Speeds are for tests; give them where a test needs to see the time pass."""

    name: str
    size: int = 2_000_000_000
    memory: int | None = None  # bytes when loaded; 1.1 times the size if not given
    memory_per_token: int = 0  # bytes more for each token of context over the default
    parameter_size: str = "3.2B"
    quantization: str = "Q4_K_M"
    family: str = "llama"
    context_length: int = 8192
    embedding_length: int = 384
    capabilities: list[str] = field(default_factory=lambda: ["completion"])
    parameters: Json = field(default_factory=dict)  # as in a Modelfile: num_predict, num_ctx, …
    system: str | None = None
    license: str | None = None
    template: str = "{{ .Prompt }}"
    parent: str = ""
    digest: str | None = None
    modified: str | None = None
    # Speed
    load_seconds: float = 0.05
    first_token_seconds: float = 0.005
    token_seconds: float = 0.001
    # What it says
    text: str | list[str] | None = None  # a list: one after the other; None: generated from the prompt
    answers: list[Json] = field(default_factory=list)  # [{when, text, thinking?}]: by words of the prompt
    thinking: str | None = None
    think_false_leaks: bool = False  # with think: false the thoughts come as content
    never_ends: bool = False  # repeats itself until num_predict
    # How it says it
    logprob: float | list[float] | Json = field(default_factory=lambda: {"mean": -0.45, "spread": 0.6})
    token_logprobs: dict[str, float] = field(default_factory=dict)  # {"500": -2.1}: by the token's text
    hold_back: int | list[int] = 1  # tokens in a chunk, a list in turns
    split_characters: bool = False  # characters beyond ASCII are two tokens each
    faults: list[Json] = field(default_factory=list)
    # In a registry only
    layers: list[int] = field(default_factory=list)  # sizes of the small layers
    pull_seconds: float = 0.1  # for the large layer
    progress_seconds: float = 0.01  # between two lines of progress
    lose_connection_at: float | None = None  # share of the layer after which the connection breaks once
    standstill_seconds: float = 0.1  # and how long nothing moves then
    dies_at: float | None = None  # share after which the registry is gone
    retry_seconds: float = 0.1  # how long the server tries in vain

    @property
    def loaded_size(self) -> int:
        return self.memory if self.memory is not None else self.size * 11 // 10


@dataclass
class Fault:
    """Something that goes wrong, and for which requests.

    Numbers of tokens count what was sent before it happens. `on` says which requests are meant when
    no path is given: an `answer`, a `load` (empty messages), or `any`.
    """

    model: str | None = None
    path: str | None = None
    on: str = "answer"
    nth: int | None = None  # only the n-th such request, from 1
    first: int | None = None  # only the first so many such requests
    skip: int = 0  # not the first so many
    when: str | None = None  # only if the request's body contains these words
    delay: float = 0.0  # seconds before the headers
    status: int | None = None
    error: str | None = None  # the words of a status or of an error line
    stall_before_headers: bool = False
    empty_answer: bool = False
    error_line_after: int | None = None
    break_after: int | None = None
    reset_after: int | None = None
    end_without_done_after: int | None = None
    stall_after: int | None = None
    garbage_after: int | None = None
    half_character_after: int | None = None
    die_after: int | None = None  # the whole server is gone
    seen: int = 0

    def strikes(self, count: int) -> bool:
        """Whether something happens after so many tokens."""
        return count in (
            self.error_line_after,
            self.break_after,
            self.reset_after,
            self.end_without_done_after,
            self.stall_after,
            self.garbage_after,
            self.die_after,
        )

    def takes(self) -> bool:
        """Counts a request that is meant; whether this one is hit."""
        self.seen += 1
        if self.nth is not None:
            return self.seen == self.nth
        return self.skip < self.seen <= self.skip + (self.first if self.first is not None else 10**9)


@dataclass
class Scenario:
    """All a test server plays."""

    server: ServerOptions = field(default_factory=ServerOptions)
    models: list[Model] = field(default_factory=list)
    registry: list[Model] = field(default_factory=list)
    blobs: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def build(kind: type[T], values: Mapping[str, Any]) -> T:
    """An object of a kind from a dict, with an error that names what is unknown."""
    known = {f.name for f in fields(kind)}  # type: ignore[arg-type]
    if unknown := set(values) - known:
        raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    return kind(**values)


def all_faults(values: Mapping[str, Any], models: list[Model]) -> list[Fault]:
    """The faults of a scenario and those of its models."""
    faults = [build(Fault, each) for each in values.get("faults", [])]
    for model in models:
        faults += [build(Fault, {"model": model.name, **each}) for each in model.faults]
    return faults


def parse(values: Mapping[str, Any]) -> Scenario:
    """A scenario from a dict."""
    if unknown := set(values) - {f.name for f in fields(Scenario)}:
        raise ValueError(f"a scenario has no {', '.join(sorted(unknown))}")
    models = [build(Model, each) for each in values.get("models", [])]
    return Scenario(
        server=build(ServerOptions, values.get("server", {})),
        models=models,
        registry=[build(Model, each) for each in values.get("registry", [])],
        blobs=list(values.get("blobs", [])),
        faults=all_faults(values, models),
    )


def read(path: Path) -> Json:
    """The dict in a TOML or JSON file."""
    text = path.read_text(encoding="utf-8")
    values: Json = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    return values
