"""The servers the recordings were made with: which models they had, and what happened to them."""

from typing import Any

REGISTRY = "http://127.0.0.1:21500/library/"
_TEXT = (
    "The argument and return the given, John, Maria.\n\nReturn the following: the number is a great time!\n\n"
    "Hey, I could help you been read() method, I just before it is None. The class can really show me. "
    "In the value of the command is true, and return value is a directory, if you have any favorite one "
    "at the same time, and the list of the words that will be used as a string."
)


def _model(name: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "size": 12_195_204,
        "memory": 16_258_048,
        "memory_per_token": 2048,
        "parameter_size": "3.02M",
        "quantization": "unknown",
        "parameters": {"num_predict": 60, "seed": 7, "temperature": 0.8},
        "load_seconds": 0.03,
        "text": _TEXT,
        **more,
    }


WORDS = _model(
    "words",
    license="MIT",
    system="Be brief.",
    answers=[{"when": "naïve", "text": "Thanks! I see a small café. \N{SLIGHTLY SMILING FACE} Bye."}],
    split_characters=True,
)
CHEF = {**WORDS, "name": "words-chef", "parent": "words:latest", "system": "You are a cook."}
THINKS = _model(
    "thinks",
    parameter_size="1.38M",
    capabilities=["completion", "thinking"],
    parameters={"num_predict": 160, "seed": 7, "temperature": 0.8},
    thinking="Hey, I would have to look at it in my own",
    think_false_leaks=True,
    never_ends=True,
)
SLOW = _model("slow", never_ends=True, token_seconds=0.008, parameters={})
TOOLS = _model("tools", capabilities=["completion", "tools"])
EMBED = _model(
    "embed",
    family="bert",
    parameter_size="4.42M",
    capabilities=["embedding"],
    parameters={},
    context_length=512,
    embedding_length=384,
)
PULLED = {**WORDS, "name": REGISTRY + "words:latest"}
MODELS = [WORDS, THINKS, TOOLS, CHEF, SLOW, EMBED]
BLOB = "sha256:54414c31d31cff6c95bbb6d70fbe058db142bb5d7a890380d24835a372bdf944"


def _registry(**more: Any) -> list[dict[str, Any]]:
    speed = {"pull_seconds": 0.3, "progress_seconds": 0.005, **more}
    return [{**each, "name": f"{REGISTRY}{each['name']}:latest", **speed} for each in (WORDS, EMBED, THINKS)]


_SERVER: dict[str, dict[str, Any]] = {
    "parallel": {"num_parallel": 4},
    "queue": {"num_parallel": 1},
    "queue-full": {"max_loaded": 1, "max_queue": 1},
    "evict": {"max_loaded": 1},
    "create-bad": {"network": False},
    "pull-no-network": {"network": False},
}
_MODELS: dict[str, list[dict[str, Any]]] = {
    "tags-empty": [],
    "create": [],
    "pull": [],
    "pull-again": [PULLED],
    "pull-cancel-resume": [PULLED],
}
_REGISTRIES: dict[str, dict[str, Any]] = {
    "pull-connection-lost": {"lose_connection_at": 0.5},
    "pull-registry-dies": {"dies_at": 0.2},
}
_FAULTS: dict[str, list[dict[str, Any]]] = {
    "chat-format": [{"model": "words", "end_without_done_after": 5, "nth": 1}],
    "server-dies": [{"model": "slow", "die_after": 6}],
}
_DEFAULTS = {"num_parallel": 1, "max_loaded": 8, "max_queue": 512, "network": True}


def scenario_for(case: str) -> dict[str, Any]:
    """The whole scenario of one recording."""
    return {
        "server": {**_DEFAULTS, **_SERVER.get(case, {})},
        "models": _MODELS.get(case, MODELS),
        "registry": _registry(**_REGISTRIES.get(case, {})),
        "blobs": [BLOB],
        "faults": _FAULTS.get(case, []),
    }
