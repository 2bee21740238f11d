"""What the sidebar says of the engines: one line, a mark, and all of it in the tool tip."""

from mirador_desktop.core.amounts import count_words
from mirador_desktop.core.engine import EngineState
from mirador_desktop.gui.engines_door import Engines
from mirador_desktop.gui.sidebar import EngineButton


def show_engines(button: EngineButton, engines: Engines) -> None:
    """Show what the last look at the engines found."""
    states = [(e, engines.states[e.name]) for e in engines.engines]
    more = "\n".join(f"{e.name} ({e.address}): {_describe(s)}" for e, s in states)
    who = "Ollama" if all(e.kind == "ollama" for e in engines.engines) else "Models"
    if not engines.looked:
        button.set_state("Looking for models…", False, False, more)
    elif not engines.engines:
        button.set_state("No host is switched on", False, True, "Switch one on in the settings.")
    elif not engines.reachable:
        button.set_state("Ollama · not running" if who == "Ollama" else "No host answers", False, True, more)
    elif not engines.has_models:
        button.set_state(f"{who} · no models", False, False, more)
    else:
        up = [e.name for e, s in states if s is not None and s.reachable]
        down = len(states) - len(up)
        button.set_state(f"{who} · {', '.join(up)}", not down, False, more)


def _describe(state: EngineState | None) -> str:
    if state is None:
        return "not looked at yet"
    if not state.reachable:
        return state.error
    version = f"version {state.version}, " if state.version else ""
    return f"{version}{count_words(len(state.models), 'model')}"
