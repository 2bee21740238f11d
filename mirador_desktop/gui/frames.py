"""One clock for all panels of a window: what arrives between two frames is painted with the next one.

Panels ask for time; the clock gives all of them together a few milliseconds a frame, so that input is never
kept waiting. Work that arrives after a pause starts at once instead of waiting for a frame to end.
"""

from collections.abc import Callable
from time import perf_counter

from PySide6.QtCore import QObject, Qt, QTimer, Signal

Work = Callable[[float], bool]
"""Called with a deadline (`time.perf_counter`); works until then at most and returns whether more is left."""


class FrameClock(QObject):
    """Shares the time of a frame among all that have something to paint.

    Attributes:
        interval: Seconds from the start of one frame to the start of the next.
        budget: Seconds that all work together may take within a frame.

    Signals:
        frame: After each frame, with the seconds its work has taken.
    """

    frame = Signal(float)

    def __init__(self, parent: QObject | None = None, *, interval: float = 0.016, budget: float = 0.005) -> None:
        super().__init__(parent)
        self.interval = interval
        self.budget = budget
        self._waiting: dict[object, Work] = {}
        self._served: dict[object, float] = {}  # when each was last worked for
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self.flush)

    @property
    def idle(self) -> bool:
        """Whether nobody waits for a frame."""
        return not self._waiting

    def request(self, key: object, work: Work) -> None:
        """Have `work` called with the next frame, and again while it returns True.

        Asking again with the same key before that changes nothing. Who was not served within the last interval
        is served at once, also when others just were: a first token does not wait for their frame to end.
        """
        if key in self._waiting:
            return
        self._waiting[key] = work
        last = self._served.get(key)
        wait = 0 if last is None else self._until(last)
        if not self._timer.isActive() or wait < self._timer.remainingTime():
            self._timer.start(wait)

    def _until(self, last: float) -> int:
        """Milliseconds until an interval has passed since `last`."""
        return max(0, round((last + self.interval - perf_counter()) * 1000))

    def forget(self, key: object) -> None:
        """Drop what was asked for with this key, as its owner is going away."""
        self._waiting.pop(key, None)
        self._served.pop(key, None)

    def flush(self) -> None:
        """Run one frame now."""
        self._timer.stop()
        start = perf_counter()
        waiting, self._waiting = self._waiting, {}
        end = start + self.budget
        now = start
        try:
            # Who finds no time left begins the next frame: under load the panels take turns, which costs less
            # than a little of each, because each has its layout and painting only once.
            while waiting and now < end:
                key = next(iter(waiting))
                work = waiting.pop(key)
                self._served[key] = start
                if work(now + (end - now) / (len(waiting) + 1)):
                    self._waiting.setdefault(key, work)
                now = perf_counter()
        finally:
            self._waiting = {**waiting, **self._waiting}
            if self._waiting:
                self._timer.start(self._until(start))
        self.frame.emit(perf_counter() - start)
