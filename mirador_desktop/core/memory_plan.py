"""Which models fit into a host's memory together, and what to load before it is needed.

Ollama keeps at most `OLLAMA_MAX_LOADED_MODELS` models, and as many as there is memory for; what does not fit makes
it unload the one used longest ago. Neither number can be asked for, so it is learned from what was seen in memory: a
plan that is wrong would unload a model that the coming answer begins with. Where nothing is known, one is loaded.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mirador_desktop.core.amounts import part_words, size_words, time_words
from mirador_desktop.core.engine import LoadedModel
from mirador_desktop.core.names import full_name

ALWAYS = 1
"""One model fits everywhere, or the server says that it does not."""
DEFAULT_MOST = 3
"""Models that Ollama keeps by itself: three for each GPU, or three without one (its FAQ on the environment)."""


@dataclass(slots=True)
class Learned:
    """What was seen of one host's memory.

    Attributes:
        together: most models seen in memory at the same time.
        most_bytes: most bytes seen in memory at the same time.
        too_much: numbers of models with their bytes for which the server unloaded one that was still wanted.
        needs: bytes each model took when it was in memory, by its full name.
    """

    together: int = 0
    most_bytes: int = 0
    too_much: list[tuple[int, int]] = field(default_factory=list)
    needs: dict[str, int] = field(default_factory=dict)

    def observe(
        self, before: Sequence[LoadedModel], after: Sequence[LoadedModel], now: float, let_go: Collection[str] = ()
    ) -> bool:
        """Learn from two looks at what is in memory; says whether anything new was learned.

        Args:
            now: Unix time of the second look.
            let_go: full names of models that were unloaded on purpose between the looks.
        """
        old = (self.together, self.most_bytes, list(self.too_much), dict(self.needs))
        for model in after:
            if model.size:
                self.needs[full_name(model.name)] = model.size
        count, size = len(after), sum(m.size for m in after)
        self.together, self.most_bytes = max(self.together, count), max(self.most_bytes, size)
        self.too_much = [(c, b) for c, b in self.too_much if not (count >= c and size >= b)]
        names = {m.name for m in after}
        came = names - {m.name for m in before}
        driven_out = [
            m
            for m in before
            if m.name not in names
            and full_name(m.name) not in let_go
            and (m.expires is None or m.expires > now + 2)  # else its time was over
        ]
        if came and driven_out:
            combination = (count + len(driven_out), size + sum(m.size for m in driven_out))
            if not any(combination[0] >= c and combination[1] >= b for c, b in self.too_much):
                self.too_much.append(combination)
        return old != (self.together, self.most_bytes, self.too_much, self.needs)

    def to_json(self) -> dict[str, Any]:
        """As it is remembered."""
        return {
            "together": self.together,
            "most_bytes": self.most_bytes,
            "too_much": [list(each) for each in self.too_much],
            "needs": dict(self.needs),
        }

    @classmethod
    def from_json(cls, value: object) -> "Learned":
        """What was remembered; nothing if it cannot be understood."""
        try:
            assert isinstance(value, dict)
            return cls(
                int(value["together"]),
                int(value["most_bytes"]),
                [(int(c), int(b)) for c, b in value["too_much"]],
                {str(name): int(size) for name, size in value["needs"].items()},
            )
        except (AssertionError, KeyError, TypeError, ValueError):
            return cls()


@dataclass(frozen=True, slots=True)
class HostRoom:
    """What is known of a host.

    Attributes:
        room: bytes that models may take together, 0 if unknown.
        most: how many models it keeps at the same time, None if unknown.
        loaded: bytes of each model that is in its memory now, by full name; other programs may use some of them.
    """

    learned: Learned
    room: int = 0
    most: int | None = None
    loaded: Mapping[str, int] = field(default_factory=dict)

    def fits(self, needs: Sequence[int], others: Sequence[int] = ()) -> bool:
        """Whether models that need so many bytes each stay in memory together, as far as is known.

        Args:
            others: bytes of models that are there besides. Which of all the server would unload is not known, so
                they count; only a single model is loaded whatever is there.
        """
        if len(needs) <= ALWAYS:
            return True
        count, size = len(needs) + len(others), sum(needs) + sum(others)
        seen = self.learned
        if count > (self.most if self.most is not None else max(ALWAYS, seen.together)):
            return False
        if any(count >= c and size >= b for c, b in seen.too_much):
            return False
        return size <= max(self.room, seen.most_bytes)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A model that a stage will need.

    Attributes:
        need: bytes it takes in memory, 0 if unknown.
        loaded: whether it is in memory now.
        seconds: how long loading took the last time, None if it was never seen.
    """

    stage: str
    model: str
    host: str
    need: int
    loaded: bool = False
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What is done about one wanted model: `stays` in memory (loaded before it is needed), or comes `later`."""

    wanted: Wanted
    when: Literal["stays", "later"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do for a pipeline, in the order in which its models will be needed.

    Attributes:
        rooms: what is known of each host that takes part, by its name.
    """

    steps: tuple[Step, ...] = ()
    rooms: Mapping[str, HostRoom] = field(default_factory=dict)

    @property
    def to_load(self) -> tuple[Wanted, ...]:
        """What to load now, in order."""
        return tuple(s.wanted for s in self.steps if s.when == "stays" and not s.wanted.loaded)

    @property
    def stays(self) -> tuple[Wanted, ...]:
        """What is in memory together before the question."""
        return tuple(s.wanted for s in self.steps if s.when == "stays")

    @property
    def later(self) -> tuple[Wanted, ...]:
        """What is loaded when its stage comes."""
        return tuple(s.wanted for s in self.steps if s.when == "later")


def make_plan(wanted: Sequence[Wanted], rooms: Mapping[str, HostRoom]) -> Plan:
    """Plan for models in the order in which they will be needed.

    Each host takes models in that order for as long as all of them stay in memory together; from the first one on
    that does not, the rest of that host's come later: loading it would drive out one that is needed sooner.
    """
    needs: dict[str, dict[str, int]] = {}
    full: set[str] = set()
    steps: list[Step] = []
    known: set[tuple[str, str]] = set()
    for each in wanted:
        key = (each.host, full_name(each.model))
        if key in known:
            continue
        known.add(key)
        together = {**needs.get(each.host, {}), full_name(each.model): each.need}
        room = rooms.get(each.host, HostRoom(Learned()))
        others = [size for name, size in room.loaded.items() if name not in together]
        if each.host in full or not room.fits(list(together.values()), others):
            full.add(each.host)
            steps.append(Step(each, "later"))
        else:
            needs[each.host] = together
            steps.append(Step(each, "stays"))
    return Plan(tuple(steps), dict(rooms))


# ── in words ───────────────────────────────────────────────────────────────────────────────────────────


def plan_words(plan: Plan) -> str:
    """Say what a plan does, with its numbers; "" for an empty one. Several hosts are told one after the other."""
    hosts = [host for host in plan.rooms if any(s.wanted.host == host for s in plan.steps)]
    parts = []
    for host in hosts:
        steps = [s for s in plan.steps if s.wanted.host == host]
        parts.append(_host_words(steps, plan.rooms[host], plan, f" on {host}" if len(hosts) > 1 else ""))
    return " ".join(parts)


def _host_words(steps: Sequence[Step], room: HostRoom, plan: Plan, where: str) -> str:
    stays = [s.wanted for s in steps if s.when == "stays"]
    later = [s.wanted for s in steps if s.when == "later"]
    need = sum(w.need for w in stays)
    sentences = []
    if len(stays) > 1:
        amount = part_words(need, room.room) if room.room else size_words(need)
        sentences.append(f"{_names(stays, plan)} stay loaded together{where}, {amount}.")
    elif not later:
        sentences.append(f"{_names(stays, plan)} needs {size_words(need)} and stays loaded{where}.")
    else:
        why = _why_alone(room, [s.wanted.need for s in steps])
        sentences.append(f"{why} {_names(stays, plan)} is loaded before your question{where}.")
    if later:
        seconds = [w.seconds for w in later if w.seconds is not None]
        about = f", about {time_words(max(seconds))}{' each' if len(later) > 1 else ''}" if seconds else ""
        verb, when = ("is", "its stage comes") if len(later) == 1 else ("are", "their stages come")
        more = f" needs {size_words(later[0].need)} more and" if len(later) == 1 and len(stays) > 1 else ""
        sentences.append(f"{_names(later, plan)}{more} {verb} loaded when {when}{about}.")
    return " ".join(sentences)


def _why_alone(room: HostRoom, needs: Sequence[int]) -> str:
    """Why only the first of several models stays."""
    if room.most == 1:
        return "The server keeps one model in memory at a time."
    if room.learned.too_much and room.learned.together <= 1:
        return "So far the server has kept one model in memory at a time."
    if room.room and needs[0] + needs[1] > room.room:
        these = {2: "These two", 3: "These three", 4: "These four"}.get(len(needs), f"These {len(needs)}")
        return f"{these} need {size_words(sum(needs))}, and there is room for {size_words(room.room)}."
    if room.learned.together > ALWAYS:
        together = {2: "two models", 3: "three models"}.get(room.learned.together, f"{room.learned.together} models")
        return f"So far the server has kept {together} in memory at a time, and what it holds now takes up that room."
    return "How many models this server keeps together is not known yet; answers show it."


def _names(wanted: Sequence[Wanted], plan: Plan) -> str:
    """The stages: "Quick, both Deep models and Synthesis"; models by name where a stage is split."""
    words: list[str] = []
    for stage in dict.fromkeys(w.stage for w in wanted):
        here = [w for w in wanted if w.stage == stage]
        all_of_it = [s for s in plan.steps if s.wanted.stage == stage]
        title = stage.capitalize()
        if len(all_of_it) == 1:
            words.append(title)
        elif len(here) == len(all_of_it):
            count = "both" if len(here) == 2 else f"all {len(here)}"
            words.append(f"{count if words else count.capitalize()} {title} models")
        else:
            words += [f"{w.model} ({title})" for w in here]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
