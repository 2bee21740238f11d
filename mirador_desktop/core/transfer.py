"""How far a pull is, worked out from what the host says line by line."""

from collections import deque

from mirador_desktop.core.manager import PullStep

SILENT_AFTER = 5.0
"""Seconds without new bytes after which a pull counts as standing still."""
_WINDOW = 6.0  # seconds over which the speed is taken
_SURE = 0.97  # share of the expected size from which on the announced layers count as all there are
_NOTABLE = 0.02  # share of the whole that has to be fetched again before that is told


class Transfer:
    """Bytes of all layers together, their speed, and the time that is left.

    What is shown never goes backwards, though the host's figures do after a lost connection; `again` says how much
    is being fetched a second time. A layer's size is known when its turn comes, so the whole can grow.

    Args:
        expected: bytes that are expected from elsewhere (the catalogue), 0 for unknown.
        completed, total: what an earlier attempt came to.

    Attributes:
        completed: bytes to show.
        total: bytes of the whole as far as it is known, 0 while nothing is.
        share: of the whole, 0 to 1.
    """

    def __init__(self, expected: int = 0, completed: int = 0, total: int = 0) -> None:
        self.expected = expected
        self.total = max(total, completed)
        self.completed = completed
        self.share = min(1.0, completed / self.total) if self.total else 0.0
        self._layers: dict[str, tuple[int, int]] = {}  # digest: bytes now, bytes in all
        self._gained: deque[tuple[float, int]] = deque()  # moment, new bytes
        self._since: float | None = None
        self._last_gain: float | None = None

    @property
    def digests(self) -> list[str]:
        """The layers that have not come as a whole, as far as they are known."""
        return [digest for digest, (done, total) in self._layers.items() if done < total]

    @property
    def announced(self) -> bool:
        """Whether the host has named a size in this attempt."""
        return bool(self._layers)

    @property
    def again(self) -> int:
        """Bytes that were there before and have to be fetched a second time, 0 if hardly any."""
        if not self._layers:
            return 0
        lost = self.completed - self._now()
        return lost if lost > self.total * _NOTABLE else 0

    def begin(self, now: float) -> None:
        """An attempt begins; its host tells of each layer anew."""
        self._layers.clear()
        self._gained.clear()
        self._since = self._last_gain = now

    def take(self, step: PullStep, now: float) -> bool:
        """Take a line of the host; returns whether it brought new bytes."""
        if not step.digest or not step.total:
            if step.status:  # manifest, checksum: the host works on something else
                self._last_gain = now
            return False
        before = self._layers.get(step.digest)
        done = min(step.completed, step.total)
        self._layers[step.digest] = (done, step.total)
        gained = 0 if before is None else done - before[0]
        if before is None or gained > 0:
            self._last_gain = now
        if gained > 0:
            self._gained.append((now, gained))
        announced = sum(total for _, total in self._layers.values())
        whole = announced if announced >= self.expected * _SURE else self.expected
        self.total = max(self.total, whole)
        self.completed = min(max(self.completed, self._now()), self.total)
        self.share = max(self.share, self.completed / self.total)
        return gained > 0

    def finish(self) -> None:
        """The host has everything."""
        announced = sum(total for _, total in self._layers.values())
        self.total = self.completed = announced or self.total
        self.share = 1.0

    def silent(self, now: float) -> float:
        """Seconds since the last new byte."""
        return 0.0 if self._last_gain is None else max(0.0, now - self._last_gain)

    def speed(self, now: float) -> float:
        """Bytes a second over the last seconds, 0 while it is not known."""
        while self._gained and self._gained[0][0] < now - _WINDOW:
            self._gained.popleft()
        if self._since is None or not self._gained:
            return 0.0
        seconds = min(now - self._since, _WINDOW)
        return sum(count for _, count in self._gained) / seconds if seconds >= 0.5 else 0.0

    def left(self, now: float) -> float | None:
        """Seconds that are left at this speed, None while that is not known."""
        speed = self.speed(now)
        if not speed or not self._layers:
            return None
        return max(0, self.total - self._now()) / speed

    def _now(self) -> int:
        """Bytes as the host counts them now."""
        return sum(done for done, _ in self._layers.values())
