"""A turn: the question, one line about it, the panels of its stages, and what can be done with the answer."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal, SignalInstance
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from mirador_desktop.core.conversation import Turn
from mirador_desktop.core.events import AnswerFinished, Event, StageFinished
from mirador_desktop.gui.attachment_chips import AttachmentChips
from mirador_desktop.gui.look import Look
from mirador_desktop.gui.markdown_find import Highlight
from mirador_desktop.gui.markdown_view import MarkdownView
from mirador_desktop.gui.note_offer import NoteOffer
from mirador_desktop.gui.parts import Area, IconButton
from mirador_desktop.gui.question_view import QuestionView
from mirador_desktop.gui.stage_panel import StagePanel
from mirador_desktop.gui.turn_meta import TurnMeta


class TurnView(Area):
    """Shows one turn, live or kept.

    Args:
        number: of the turn in its conversation, from 1.

    Signals:
        grew: its height for the same width has changed.
        edit, regenerate, retry, go_deeper: the person wants to change the question, ask it again, or
            have all stages.
        branch: show the branch that many places further (1) or back (-1).
        folded: stage and whether the person folded it.
        copied: a text for the clipboard.
        link_hovered: the address of the link under the mouse, or "".
        show_memories: the person wants to see what was recalled.
        continue_here: the person wants to go on from here in a new conversation.
        kept_note, declined_note: a note that was offered, and shall be kept or not.
    """

    grew = Signal()
    edit = Signal()
    regenerate = Signal()
    retry = Signal()
    go_deeper = Signal()
    branch = Signal(int)
    folded = Signal(str, bool)
    copied = Signal(str)
    link_hovered = Signal(str)
    show_memories = Signal()
    continue_here = Signal()
    kept_note = Signal(str)
    declined_note = Signal(str)

    def __init__(self, look: Look, turn: Turn, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self.turn = look, turn
        self.setObjectName(f"turn-{number}")
        self.setAccessibleName(f"Turn {number}")
        theme = look.theme
        self._question = QuestionView(turn.question, self)
        self._revealed: set[StagePanel] = set()
        self._files = AttachmentChips(theme, False, self) if turn.attachments else None
        if self._files is not None:
            self._files.show_all(turn.attachments)
        self._edit = IconButton(theme, "pencil", "Edit the question", self, shy=True)
        self._edit.clicked.connect(self.edit)
        self._meta = TurnMeta(look, self)
        self._meta.branch.connect(self.branch)
        self._meta.show_memories.connect(self.show_memories)
        self._offers: list[NoteOffer] = []
        self.panels = [StagePanel(look, place, record, self) for place, record in enumerate(turn.stages)]
        for panel in self.panels:
            panel.grew.connect(self.grew)
            panel.copied.connect(self.copied)
            panel.go_deeper.connect(self.go_deeper)
            panel.link_hovered.connect(self.link_hovered)
            panel.folded_by_person.connect(lambda folded, name=panel.record.name: self.folded.emit(name, folded))
        self._error = QLabel(self)
        self._error.setWordWrap(True)
        self._error.setTextFormat(Qt.TextFormat.PlainText)
        self._error.setProperty("kind", "error")
        self._error.setObjectName("turnError")
        self._retry = QPushButton("Retry", self)
        self._retry.setObjectName("retry")
        self._retry.clicked.connect(self.retry)
        self._copy = IconButton(theme, "copy", "Copy the final answer", self, shy=True)
        self._copy.clicked.connect(lambda: self.copied.emit(turn.final_text))
        self._again = IconButton(theme, "retry", "Regenerate the answer", self, shy=True)
        self._again.clicked.connect(self.regenerate)
        self._fork = IconButton(theme, "fork", "Continue from here in a new conversation", self, shy=True)
        self._fork.setObjectName("continueHere")
        self._fork.clicked.connect(self.continue_here)
        if turn.stages and any(s.answers or s.skipped for s in turn.stages):
            self._fold_by_rule()
            for panel in self.panels:
                panel.show_record()
        self.refresh()

    @property
    def live(self) -> bool:
        """Whether the answer still streams."""
        return self.turn.reason is None

    def receive(self, event: Event) -> None:
        """Show an event; the record has taken it in already."""
        if isinstance(event, AnswerFinished):
            for panel in self.panels:
                panel.end()
            self.refresh()
            self.grew.emit()
            return
        panel = next(p for p in self.panels if p.record.name == event.stage)
        panel.receive(event)
        if isinstance(event, StageFinished):
            if event.reason in ("done", "length") and panel.best_text():
                for earlier in self.panels[: self.panels.index(panel)]:
                    if earlier.record.folded is None and earlier.best_text():
                        earlier.fold(True)
            self.refresh()
        elif not self._meta.has_first_token:
            self.refresh()

    def _fold_by_rule(self) -> None:
        """Fold all panels before the last one that finished, but for those the person has decided about."""
        last = 0
        for place, panel in enumerate(self.panels):
            if panel.best_text() and any(a.reason in ("done", "length") for a in panel.record.answers):
                last = place
        for place, panel in enumerate(self.panels):
            chosen = panel.record.folded
            panel.folded = bool(panel.best_text()) and (place < last if chosen is None else chosen)

    def refresh(self) -> None:
        """Bring the lines around the panels in line with the record."""
        turn = self.turn
        self._meta.refresh(turn)
        left_out = [p for p in self.panels if p.left_out]
        for panel in self.panels:
            panel.offer_deeper(panel in left_out[-1:] and not self.live)
        failed = turn.reason == "failed"
        self._error.setText(turn.error if failed else "")
        self._error.setVisible(failed)
        self._retry.setVisible(failed)
        self._edit.setVisible(not self.live)
        self._again.setVisible(not self.live)
        self._fork.setVisible(not self.live)
        self._copy.setVisible(bool(turn.final_text) and not self.live)

    # ── place ──────────────────────────────────────────────────────────────────────────────────────────

    def set_width(self, width: int) -> int:
        """Lay everything out at this width; returns the height, px."""
        theme = self._look.theme
        y = self._question.set_width(width, theme.px(38))
        side = theme.px(26)
        self._edit.setGeometry(width - side - theme.px(8), (min(y, theme.px(38)) - side) // 2, side, side)
        if self._files is not None:
            height = self._files.heightForWidth(width)
            self._files.setGeometry(0, y + theme.px(8), width, height)
            y += theme.px(8) + height
        self._meta.move(0, y + theme.px(6))
        y += theme.px(12) + self._meta.set_width(width)
        for offer in self._offers:
            offer.move(0, y)
            y += offer.set_width(width) + theme.px(4)
        panels = self._shown_panels()
        for panel in self.panels:
            panel.setVisible(panel in panels)
        columns = [p for p in panels if not p.left_out]
        if self._look.layout == "columns" and len(columns) > 1 and width >= theme.px(240) * len(columns):
            y = self._lay_out_columns(columns, [p for p in panels if p.left_out], y, width)
        else:
            for panel in panels:
                height = panel.set_width(width)
                panel.move(0, y)
                y += height + (self._look.gap(12) if height else 0)
        if self._error.isVisibleTo(self):
            inner = width - self._retry.sizeHint().width() - theme.px(16)
            height = max(self._error.heightForWidth(inner), self._retry.sizeHint().height())
            self._error.setGeometry(0, y, inner, height)
            hint = self._retry.sizeHint()
            self._retry.setGeometry(
                width - hint.width(), y + (height - hint.height()) // 2, hint.width(), hint.height()
            )
            y += height + theme.px(6)
        self._copy.setGeometry(0, y - theme.px(4), side, side)
        for place, button in enumerate((self._again, self._fork), 1):
            button.setGeometry(place * (side + theme.px(4)), y - theme.px(4), side, side)
        y += side + theme.px(4)
        self.resize(width, y)
        return y

    def memories_corner(self) -> QPoint:
        """Where the memories are named in this view: its lower left corner."""
        return self._meta.pos() + self._meta.memories_corner()

    def offer_notes(self, notes: Sequence[str]) -> None:
        """Ask whether these notes shall be kept."""
        for note in notes:
            offer = NoteOffer(self._look.theme, note, self)
            offer.kept.connect(lambda offer=offer: self._answer_offer(offer, self.kept_note))
            offer.declined.connect(lambda offer=offer: self._answer_offer(offer, self.declined_note))
            self._offers.append(offer)
            offer.show()
        self.grew.emit()

    def _answer_offer(self, offer: NoteOffer, told: SignalInstance) -> None:
        self._offers.remove(offer)
        offer.hide()
        offer.deleteLater()
        told.emit(offer.note)
        self.grew.emit()

    def show_pictures(self, pictures: Sequence[QImage | None]) -> None:
        """Show small images on the chips of the attachments at the same places."""
        for chip, picture in zip(self._files.chips if self._files is not None else (), pictures, strict=False):
            if picture is not None:
                chip.show_picture(picture)

    def _shown_panels(self) -> list[StagePanel]:
        begun = [p for p in self.panels if p.begun]
        if self._look.layout != "final":
            return begun
        texts = [p for p in begun if p.best_text()] or [p for p in begun if not p.left_out]
        final = [p for p in begun if p.record.name == self.turn.final_stage] or texts[-1:]
        return [p for p in begun if p in final or p in self._revealed] or begun

    def _lay_out_columns(self, columns: list[StagePanel], others: list[StagePanel], y: int, width: int) -> int:
        gap = self._look.gap(12)
        for panel in others:
            height = panel.set_width(width)
            panel.move(0, y)
            y += height + gap
        each = (width - gap * (len(columns) - 1)) // len(columns)
        heights = [panel.set_width(each) for panel in columns]
        for place, panel in enumerate(columns):
            panel.move(place * (each + gap), y)
        return y + max(heights) + gap

    def anchor_at(self, y: int) -> tuple[StagePanel | None, int]:
        """The panel at (or next below) a height in this view, and how far into it: what stays when others grow."""
        panels = [p for p in self.panels if p.isVisibleTo(self) and p.height()]
        for panel in panels:
            if panels[0].y() <= y < panel.y() + panel.height():
                return panel, y - panel.y()
        return None, y

    def restyle(self) -> None:
        """Colours, sizes or the heat map have changed."""
        for panel in self.panels:
            panel.restyle()
        self.refresh()
        self.update()

    def reveal(self, stage: int, place: int, thoughts: bool = False) -> MarkdownView | QuestionView:
        """Unfold an answer (or its thoughts) and return the text; the question for a stage of -1."""
        if 0 <= stage < len(self.panels):
            panel = self.panels[stage]
            text = panel.reveal(place, thoughts)
            if text is not None:
                if panel not in self._revealed:
                    self._revealed.add(panel)  # it is shown even where only final answers are
                    self.grew.emit()
                return text
        return self._question

    def set_highlight(self, highlight: Highlight | None) -> None:
        """Highlight what was searched for, or nothing."""
        self._question.set_highlight(highlight)
        for panel in self.panels:
            panel.set_highlight(highlight)

    def toggle(self, place: int) -> None:
        """Fold or open the stage at a place, as by a click."""
        if place < len(self.panels) and self.panels[place].record.answers:
            panel = self.panels[place]
            panel.fold(not panel.folded)
            panel.folded_by_person.emit(panel.folded)
