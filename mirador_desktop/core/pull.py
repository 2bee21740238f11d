"""One pull, and how it is written down."""

import itertools
from dataclasses import dataclass, field
from typing import Any, Literal

from mirador_desktop.core.transfer import Transfer

State = Literal["waiting", "pulling", "still", "paused", "done", "failed", "cancelled"]
RUNNING: tuple[State, ...] = ("pulling", "still")
_ids = itertools.count(1)


@dataclass(eq=False)
class Pull:
    """One model that is being fetched, or was.

    Attributes:
        host: the name of the engine that fetches it.
        address: of that host, to find it again under another name.
        status: what the host says it does.
        error: why it has failed, "" if it has not.
        offered: whether it is left over from an earlier session, and waits for the person to go on.
    """

    name: str
    host: str
    address: str = ""
    insecure: bool = False
    state: State = "waiting"
    transfer: Transfer = field(default_factory=Transfer)
    status: str = ""
    error: str = ""
    offered: bool = False
    id: int = field(default_factory=lambda: next(_ids))

    @property
    def running(self) -> bool:
        """Whether the host is at it."""
        return self.state in RUNNING

    @property
    def worth_remembering(self) -> bool:
        """Whether it is to be offered after a restart: unfinished, and not refused before anything had come."""
        if self.state == "failed":
            return self.transfer.completed > 0
        return self.state not in ("done", "cancelled")


def record_of(pull: Pull) -> dict[str, Any]:
    """A pull as it is written down."""
    return {
        "name": pull.name,
        "host": pull.host,
        "address": pull.address,
        "insecure": pull.insecure,
        "completed": pull.transfer.completed,
        "total": pull.transfer.total,
    }


def read_pull(value: object) -> Pull | None:
    """A pull that was written down; None for something else."""
    if not isinstance(value, dict):
        return None
    name, host, address = (value.get(key) for key in ("name", "host", "address"))
    done, total = value.get("completed"), value.get("total")
    if not isinstance(name, str) or not isinstance(host, str) or not isinstance(address, str):
        return None
    if not isinstance(done, int) or not isinstance(total, int) or not 0 <= done <= total:
        done = total = 0
    transfer = Transfer(completed=done, total=total)
    return Pull(name, host, address, value.get("insecure") is True, "paused", transfer, offered=True)
