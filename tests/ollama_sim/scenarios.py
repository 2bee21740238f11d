"""A gallery of scenarios to start a test from. Copy one and change it; `with_faults` helps.

Rates are quick, so that a test is fast. A test that must see time pass sets them itself.
"""

import copy
from typing import Any

from tests.ollama_sim.sample_texts import LARGE, MIDDLE, SMALL, THOUGHTS

Scenario = dict[str, Any]
GB = 1_000_000_000


def model(name: str, size: float, parameters: str, family: str, **more: Any) -> dict[str, Any]:
    """A model of a scenario."""
    return {
        "name": name,
        "size": int(size * GB),
        "parameter_size": parameters,
        "family": family,
        "context_length": 32768,
        "load_seconds": 0.03,
        "first_token_seconds": 0.005,
        "token_seconds": 0.001,
        **more,
    }


LLAMA_3B = model(
    "llama3.2:3b",
    2.0,
    "3.2B",
    "llama",
    text=SMALL,
    capabilities=["completion", "tools"],
    logprob={"mean": -0.75, "spread": 0.7},
    token_logprobs={"150": -2.6, "imports": -0.2},
)
MISTRAL_7B = model(
    "mistral:7b",
    4.4,
    "7.2B",
    "llama",
    text=MIDDLE,
    logprob={"mean": -0.5, "spread": 0.5},
    token_seconds=0.0015,
)
QWEN_7B = model(
    "qwen2.5:7b",
    4.7,
    "7.6B",
    "qwen2",
    text=MIDDLE,
    capabilities=["completion", "tools"],
    logprob={"mean": -0.45, "spread": 0.5},
    token_seconds=0.0015,
)
QWEN_14B = model(
    "qwen2.5:14b",
    9.0,
    "14.8B",
    "qwen2",
    text=LARGE,
    capabilities=["completion", "tools"],
    logprob={"mean": -0.28, "spread": 0.4},
    token_logprobs={"900": -0.4, "80": -1.9, "110": -2.4, "190": -2.2},
    load_seconds=0.06,
    token_seconds=0.002,
)
NOMIC = model(
    "nomic-embed-text",
    0.274,
    "137M",
    "nomic-bert",
    quantization="F16",
    context_length=2048,
    embedding_length=768,
    capabilities=["embedding"],
)
DEEPSEEK = model(
    "deepseek-r1:8b",
    5.2,
    "8.2B",
    "qwen3",
    text=MIDDLE,
    thinking=THOUGHTS,
    capabilities=["completion", "tools", "thinking"],
)

NO_MODELS: Scenario = {"models": []}
ONE_MODEL: Scenario = {"models": [LLAMA_3B]}
THREE_MODELS: Scenario = {
    "models": [LLAMA_3B, MISTRAL_7B, QWEN_7B, QWEN_14B, NOMIC],
    "registry": [model("gemma3:4b", 3.3, "4.3B", "gemma3", text=SMALL)],
}
THINKING: Scenario = {"models": [DEEPSEEK, LLAMA_3B]}
SLOW_LOAD: Scenario = {
    "models": [{**each, "load_seconds": 1.5} for each in (LLAMA_3B, MISTRAL_7B, QWEN_14B)],
}
TOO_OLD: Scenario = {
    "server": {"version": "0.5.7", "logprobs": False, "show_capabilities": False},
    "models": THREE_MODELS["models"],
}
TIGHT_MEMORY: Scenario = {
    "server": {"memory": int(10.5 * GB), "max_loaded": 1},
    "models": THREE_MODELS["models"],
}
NO_NETWORK: Scenario = {"server": {"network": False}, "models": [LLAMA_3B]}


def with_faults(scenario: Scenario, *faults: dict[str, Any], **server: Any) -> Scenario:
    """A copy of a scenario with faults, and with other options of the server."""
    changed = copy.deepcopy(scenario)
    changed.setdefault("faults", []).extend(faults)
    changed.setdefault("server", {}).update(server)
    return changed


LARGE_DIES: Scenario = with_faults(THREE_MODELS, {"model": "qwen2.5:14b", "error_line_after": 40})
LARGE_BREAKS: Scenario = with_faults(THREE_MODELS, {"model": "qwen2.5:14b", "break_after": 40})
LARGE_STALLS: Scenario = with_faults(THREE_MODELS, {"model": "qwen2.5:14b", "stall_after": 40})
LARGE_SILENT: Scenario = with_faults(THREE_MODELS, {"model": "qwen2.5:14b", "stall_before_headers": True})
LARGE_WITHOUT_DONE: Scenario = with_faults(THREE_MODELS, {"model": "qwen2.5:14b", "end_without_done_after": 40})
LARGE_EMPTY: Scenario = with_faults(THREE_MODELS, {"model": "qwen2.5:14b", "empty_answer": True})
LARGE_GARBAGE: Scenario = with_faults(THREE_MODELS, {"model": "qwen2.5:14b", "garbage_after": 40})
LARGE_HALF_CHARACTER: Scenario = with_faults(THREE_MODELS, {"model": "qwen2.5:14b", "half_character_after": 10})
LARGE_BUSY_TWICE: Scenario = with_faults(THREE_MODELS, {"model": "qwen2.5:14b", "status": 503, "first": 2})
LARGE_FAILS: Scenario = with_faults(THREE_MODELS, {"model": "qwen2.5:14b", "status": 500})
ALL_FAIL: Scenario = with_faults(THREE_MODELS, {"status": 500})
FAULTY: dict[str, Scenario] = {
    "dies": LARGE_DIES,
    "breaks": LARGE_BREAKS,
    "stalls": LARGE_STALLS,
    "silent": LARGE_SILENT,
    "without_done": LARGE_WITHOUT_DONE,
    "empty": LARGE_EMPTY,
    "garbage": LARGE_GARBAGE,
    "half_character": LARGE_HALF_CHARACTER,
    "busy_twice": LARGE_BUSY_TWICE,
    "fails": LARGE_FAILS,
    "all_fail": ALL_FAIL,
}
