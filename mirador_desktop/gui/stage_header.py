"""The header of a stage's panel: name, models, figures, confidence and state."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from mirador_desktop.core.conversation import StageRecord
from mirador_desktop.gui.answer_view import figures, named
from mirador_desktop.gui.parts import Area, ConfidenceLabel, IconButton, ModelChips, StateLabel
from mirador_desktop.gui.theme import Theme


class StageHeader(Area):
    """One line over a stage's answers; the shape before the name is painted by the panel.

    Attributes:
        copy: the button that copies the stage's answer.
    """

    def __init__(self, theme: Theme, place: int, record: StageRecord, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._record = theme, record
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleDescription("Space folds or opens the panel")
        self._name = QLabel(record.name.capitalize(), self)
        self._name.setProperty("kind", "strong")
        self._chips = ModelChips(theme, self)
        self.copy = IconButton(theme, "copy", f"Copy the {record.name} answer", self, shy=True)
        self._meta = QLabel(self)
        self._meta.setObjectName("stageMeta")
        self._meta.setProperty("kind", "meta")
        self._confidence = ConfidenceLabel(theme, place, self)
        self._state = StateLabel(theme, self)
        self._state.set_state("waiting", "Waiting for its turn")

    @property
    def state(self) -> str:
        """The word for how the stage stands."""
        return self._state.text()

    def refresh(self, planned: tuple[str, ...], live: bool, folded: bool) -> None:
        """Bring it in line with the record; `planned` are the models that are to answer."""
        answers = self._record.answers
        last = answers[-1] if answers else None
        names = [named(a) for a in answers if a.reason != "failed" or len(answers) == 1] or list(planned)
        if live:
            names += [m for m in planned if all(a.model != m and a.fallback_for != m for a in answers)]
        self._chips.set_models(list(dict.fromkeys(names)))
        best = self._record.best
        means = [a.confidence for a in answers if a.text and a.confidence is not None and a.reason != "failed"]
        self._confidence.set_value(sum(means) / len(means) if means else None, self._record.threshold)
        self._meta.setText(figures(best, first=True) if best is not None and best.reason is not None else "")
        if live and (last is None or last.reason is None):
            self._state.set_state("writing" if last is not None and last.text else "waiting")
        elif last is not None and not live:
            reason = (best if best is not None else last).reason or "stopped"
            words = {"length": "Cut off at its most tokens", "failed": last.error}.get(reason, "")
            self._state.set_state(reason, words)
        self._state.setVisible(bool(answers) or live)
        name, folding = self._record.name.capitalize(), "folded" if folded else "open"
        self.setAccessibleName(f"{name}, {self._chips.text()}, {self._state.text()}, {folding}")

    def lay_out(self, right: int, several: bool, has_text: bool) -> None:
        """Place everything left of `right`; with `several` answers each carries its own figures."""
        theme, height = self._theme, self.height()
        side = theme.px(16)
        self._state.setGeometry(right - side, 0, side, height)
        right -= side + theme.px(9)
        self._confidence.narrow = right < theme.px(300)
        x = theme.px(38)
        name = self._name.sizeHint().width()
        bar = 0 if several else self._confidence.wanted_width()
        if right - bar < x + name:
            bar = 0
        self._confidence.setVisible(bool(bar))
        self._confidence.setGeometry(right - bar, 0, bar, height)
        right -= bar + (theme.px(9) if bar else 0)
        self._name.setGeometry(x, 0, name, height)
        x += name + theme.px(12)
        chips = 0 if several else self._chips.wanted_width()
        meta = 0 if several else self._meta.sizeHint().width()
        copy = theme.px(26) if has_text else 0
        room = right - x - copy
        if meta and room - meta < min(chips, theme.px(110)):  # too narrow for both: the model's name wins
            meta = 0
        self._meta.setVisible(bool(meta))
        self._meta.setGeometry(right - meta, 0, meta, height)
        self._chips.setVisible(bool(chips))
        self._chips.setGeometry(x, 0, min(chips, max(0, room - meta)), height)
        self.copy.setVisible(bool(copy))
        self.copy.setGeometry(
            right - meta - copy - theme.px(4), (height - theme.px(26)) // 2, theme.px(26), theme.px(26)
        )
