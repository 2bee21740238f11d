"""Where questions are written: a text that grows, what belongs to the question, and send or stop."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QIcon
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from mirador_desktop.gui import icons
from mirador_desktop.gui.composer_text import MOST_LINES, ComposerText
from mirador_desktop.gui.elided import ElidedButton, ElidedLabel, shorten
from mirador_desktop.gui.theme import Theme

if TYPE_CHECKING:
    from mirador_desktop.core.conversation import Attachment
    from mirador_desktop.core.orchestrator import Depth
    from mirador_desktop.gui.attachment_chips import AttachmentChips
    from mirador_desktop.gui.scrolled import Scrolled

DEPTHS: "tuple[tuple[Depth, str, str], ...]" = (
    ("auto", "Auto", "All stages that add something"),
    ("quick", "Quick", "The first stage only"),
    ("full", "Full", "All stages, always"),
)
_MEMORY = {  # words, fewer of them beside an icon, and what it means
    "on": ("Memory on", "On", "Sent along: the earlier turns of this conversation, and what is recalled of others"),
    "earlier": (
        "Earlier turns",
        "Earlier",
        "Sent along: the earlier turns of this conversation; memory is switched off",
    ),
    "off": ("Memory off", "Off", "This question is asked on its own, without the turns before it"),
}
_LEFT, _RIGHT, _GAP = 16, 12, 8
_FILE, _MOST_FILES = 38, 3
"""Height of a line of files with the gap below it, px at 100 %, and how many lines there are without scrolling."""


class Composer(QFrame):
    """Text, depth, memory, attachments, send and stop.

    Signals:
        sent: the question.
        stopped: stop the answer.
        recalled: edit the last question.
        attach: choose files for the question.
        cancelled: the person no longer wants to edit an earlier question.
    """

    sent = Signal(str)
    stopped = Signal()
    recalled = Signal()
    attach = Signal()
    cancelled = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._answering = False
        self._waits = False
        self._draft = ""
        self.setObjectName("composer")
        self.setAccessibleName("Composer")
        self.text = ComposerText(self)
        self.text.submitted.connect(self.submit)
        self.text.recalled.connect(self.recalled)
        self.text.focused.connect(self._focused)
        self.text.textChanged.connect(self.do_not_wait)
        self.text.textChanged.connect(self._offer_send)
        self._scrolled: Scrolled | None = None
        self._editing = ElidedLabel(self, 8)
        self._editing.setText("Editing a question makes a branch, the earlier answer stays")
        self._editing.setProperty("kind", "small")
        self._cancel = QPushButton("Cancel", self)
        self._cancel.setProperty("kind", "flat")
        self._cancel.setObjectName("cancelEdit")
        self._cancel.clicked.connect(self.cancelled)
        self._on_files = QLabel(self)
        self._on_files.setObjectName("onFiles")
        self._on_files.setProperty("kind", "small")
        self._on_files.setWordWrap(True)
        self._on_files.hide()
        self._attach = self._chip("attachButton", "Attach", "Attach files or images to the question")
        self._attach.clicked.connect(self.attach)
        self._depth = self._chip("depthChooser", "", "How many stages answer")
        self._depths = QActionGroup(self)
        menu = QMenu(self._depth)
        for value, name, words in DEPTHS:
            action = QAction(f"{name}: {words[0].lower()}{words[1:]}", self._depths, checkable=True)
            action.setData(value)
            menu.addAction(action)
        self._depths.actions()[0].setChecked(True)
        self._depths.triggered.connect(self._refresh)
        self._depth.setMenu(menu)
        self._memory = self._chip("memorySwitch", "", "")
        self._memory.setCheckable(True)
        self._memory.setChecked(True)
        self._memory.toggled.connect(self._refresh)
        self._recalls = True
        self._hint = QLabel("Enter to send · Shift Enter for a new line", self)
        self._hint.setProperty("kind", "small")
        self.send = QPushButton("Send", self)
        self.send.setObjectName("sendButton")
        self.send.setAccessibleName("Send the question")
        self.send.setProperty("kind", "primary")
        self.send.clicked.connect(self.submit)
        self.stop = QPushButton("Stop", self)
        self.stop.setObjectName("stopButton")
        self.stop.setAccessibleName("Stop the answer")
        self.stop.setToolTip("Stop the answer (Esc)")
        self.stop.setProperty("kind", "primary")
        self.stop.clicked.connect(self.stopped)

        above = QHBoxLayout()
        above.addWidget(self._editing, 1)
        above.addWidget(self._cancel)
        row = QHBoxLayout()
        row.setSpacing(_GAP)
        for chip in (self._attach, self._depth, self._memory):
            row.addWidget(chip)
        row.addStretch(1)
        row.addWidget(self._hint)
        row.addWidget(self.send)
        row.addWidget(self.stop)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(_LEFT, 11, _RIGHT, 10)
        column.setSpacing(5)
        column.addLayout(above)
        column.addWidget(self._on_files)
        column.addWidget(self.text)
        column.addLayout(row)
        self._editing.hide()
        self._cancel.hide()
        self.stop.hide()
        self.restyle()
        self._refresh()

    def _chip(self, name: str, text: str, words: str) -> ElidedButton:
        button = ElidedButton(text, self)
        button.setObjectName(name)
        button.setProperty("kind", "chip")
        button.setToolTip(words)
        button.setAccessibleName(words)
        button.setAutoDefault(False)
        return button

    @cached_property
    def files(self) -> "AttachmentChips":
        """What is attached, made behind the first paint."""
        from mirador_desktop.gui.attachment_chips import AttachmentChips
        from mirador_desktop.gui.scrolled import Scrolled

        chips = AttachmentChips(self._theme, True, self)
        self._scrolled = Scrolled(chips, self)
        self._column.insertWidget(1, self._scrolled)
        self._bound()
        chips.emptied.connect(self.text.setFocus)
        chips.changed.connect(self.do_not_wait)
        chips.read.connect(self._files_read)
        return chips

    @property
    def attachments(self) -> "tuple[Attachment, ...]":
        """What is attached now."""
        return self.files.attachments

    # ── what is chosen ─────────────────────────────────────────────────────────────────────────────────

    @property
    def chosen_depth(self) -> "Depth":
        """The chosen depth."""
        return cast("Depth", self._depths.checkedAction().data())

    @property
    def memory(self) -> bool:
        """Whether earlier turns are sent along, and what is recalled of other conversations."""
        return self._memory.isChecked()

    def set_recalls(self, recalls: bool) -> None:
        """Whether anything of other conversations is recalled here; else there are earlier turns only."""
        self._recalls = recalls
        self._refresh()

    def set_answering(self, answering: bool) -> None:
        """Offer stop instead of send while an answer streams."""
        had_focus = self.send.hasFocus() or self.stop.hasFocus()
        self._answering = answering
        if answering:
            self.do_not_wait()
        self.send.setVisible(not answering)
        self.stop.setVisible(answering)
        if had_focus:
            (self.stop if answering else self.send).setFocus()
        self._refresh()

    def set_placeholder(self, words: str) -> None:
        """Show what the empty text is for."""
        self.text.setPlaceholderText(words)

    def say_of_files(self, words: str) -> None:
        """Say what models cannot take of the files, or nothing."""
        words = "Is sent as soon as the files are read" if self._waits else words
        self._on_files.setText(words)
        self._on_files.setVisible(bool(words))

    def edit(self, question: str, attachments: "Sequence[Attachment]" = ()) -> None:
        """Take an earlier question to be changed; what was written before comes back when that is left."""
        if self._editing.isHidden():
            self._draft = self.text.toPlainText()
            self.files.set_aside()
        self.text.setPlainText(question)
        self.files.show_all(attachments)
        self.text.moveCursor(self.text.textCursor().MoveOperation.End)
        self._editing.show()
        self._cancel.show()
        self.text.setFocus()

    def leave_edit(self) -> None:
        """Give back what was written before an earlier question was taken, if one was."""
        if not self._editing.isHidden():
            draft = self._draft
            self._end_edit()
            self.text.setPlainText(draft)
            self.files.bring_back()
            self.text.moveCursor(self.text.textCursor().MoveOperation.End)

    def clear(self) -> None:
        """Empty it, and leave editing."""
        self._end_edit()
        self.text.clear()
        self.files.clear()
        self.files.forget_aside()

    def _end_edit(self) -> None:
        self._draft = ""
        self._editing.hide()
        self._cancel.hide()

    def submit(self) -> None:
        """Send what is written, with its files: where one is still being read, as soon as it is."""
        question = self.text.toPlainText().strip()
        if question and not self._answering:
            self._waits = self.files.is_reading
            if self._waits:
                self.say_of_files("")
            else:
                self.sent.emit(question)

    def _files_read(self, all_there: bool) -> None:
        if self._waits and all_there:
            self._waits = False
            self.submit()

    def do_not_wait(self) -> None:
        """What was to be sent when its files are read, or where it was to be sent, is another one now."""
        if self._waits:
            self._waits = False
            self.say_of_files("Not sent yet")

    def _focused(self, on: bool) -> None:
        ring = "true" if on and self.window().property("keyboard") else "false"
        if ring == (self.property("focused") or "false"):
            return
        self.setProperty("focused", ring)
        self.style().unpolish(self)
        self.style().polish(self)

    def _refresh(self) -> None:
        depth = next(name for value, name, _ in DEPTHS if value == self.chosen_depth)
        words, fewer, meaning = _MEMORY["on" if self._recalls else "earlier"] if self.memory else _MEMORY["off"]
        sign = icons.icon("memory" if self.memory else "memory-off", self._theme.colours.muted)
        arrow = icons.icon("chevron-down", self._theme.colours.muted)
        self._depth.setAccessibleName(f"Depth: {depth}")
        self._memory.setAccessibleName(words)
        self._memory.setToolTip(meaning)

        def say(step: int) -> None:
            self._attach.setText("Attach" if step < 1 else "")
            self._depth.setText(f"Depth: {depth}" if step < 1 else depth)
            self._depth.setIcon(arrow if step < 2 else QIcon())
            self._memory.setText(words if step < 2 else fewer)
            self._memory.setIcon(QIcon() if step < 2 else sign)

        parts = (self._attach, self._depth, self._memory, self.send, self.stop)
        left = shorten(say, 3, parts, _GAP, self.width() - _LEFT - _RIGHT)
        self._offer_send()
        self._hint.setVisible(left >= _GAP + self._hint.sizeHint().width())

    def _offer_send(self) -> None:
        self.send.setEnabled(bool(self.text.toPlainText().strip()))

    def _bound(self) -> None:
        """Larger text takes more of the window: then fewer lines of it, and of files, are seen without scrolling."""
        large = max(1.0, self._theme.scale)
        self.text.most_lines = round(MOST_LINES / large)
        if self._scrolled is not None:
            lines = max(1, round(_MOST_FILES / large))
            self._scrolled.set_most(self._theme.px(_FILE * lines - 8))

    def restyle(self) -> None:
        """Colours or sizes have changed."""
        c, theme = self._theme.colours, self._theme
        self._attach.setIcon(icons.icon("plus", c.muted))
        self._depth.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.stop.setIcon(icons.icon("stop", c.background))
        for button in (self._attach, self._depth, self._memory, self.stop):
            button.setIconSize(QSize(theme.px(14), theme.px(14)))
        self._bound()
        self.text.updateGeometry()
        self._refresh()

    def resizeEvent(self, event: QEvent) -> None:
        """Drop the hint where there is no room for it, and then words that the icons say too."""
        self._refresh()
