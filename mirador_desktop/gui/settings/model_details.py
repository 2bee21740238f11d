"""All that a host tells of a model: plain text, to be read, selected and copied."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget
from shiboken6 import isValid

from mirador_desktop.core.amounts import size_words
from mirador_desktop.core.manager import ModelDetails
from mirador_desktop.core.model_rows import Row, context_words
from mirador_desktop.errors import MiradorError
from mirador_desktop.gui.settings.panel import Panel
from mirador_desktop.gui.settings.widgets import Segments, button
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme
from mirador_desktop.models import Models

_PARTS = (
    ("overview", "Overview"),
    ("info", "Model info"),
    ("template", "Template"),
    ("modelfile", "Modelfile"),
    ("licence", "Licence"),
)


class DetailsPanel(Panel):
    """Shows one part at a time."""

    def __init__(self, theme: Theme, row: Row, models: Models, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(theme, row.name, "", parent, wide=640)
        self._model, self._models = row, models
        self._details: ModelDetails | None = None
        self.setObjectName("modelDetails")
        self.resize(theme.px(760), theme.px(560))
        self.parts = Segments(theme, "Part", _PARTS, self)
        self.parts.choose("overview")
        self.parts.chosen.connect(lambda _: self._show())
        self.body.addWidget(self.parts)
        self.text = QPlainTextEdit(self)
        self.text.setObjectName("modelDetailsText")
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFont(theme.fixed_font(8.75))
        self.text.setStyleSheet(
            f"QPlainTextEdit {{ font-family: '{theme.fixed_font().family()}'; font-size: {8.75 * theme.scale}pt; }}"
        )
        self.text.setPlainText("Asking the host…")
        self.body.addWidget(self.text, 1)
        self.add_left(button(theme, "Copy", self._copy, name="copyDetails"))
        self.add_button("Close", self.accept)
        tasks.start("show a model", self._ask())

    async def _ask(self) -> None:
        try:
            self._details = await self._models.show(self._model)
        except MiradorError as error:
            if isValid(self):
                self.text.setPlainText("")
                self.fail(str(error))
            return
        if isValid(self):
            self._show()

    def _show(self) -> None:
        details, part = self._details, self.parts.value()
        if details is None:
            return
        wraps = part in ("licence", "template")
        mode = QPlainTextEdit.LineWrapMode
        self.text.setLineWrapMode(mode.WidgetWidth if wraps else mode.NoWrap)
        self.text.setAccessibleName(dict(_PARTS)[part])
        self.text.setPlainText(part_text(details, self._model, part) or "The host tells nothing of this.")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.textCursor().selectedText() or self.text.toPlainText())


def part_text(details: ModelDetails, row: Row, part: str) -> str:
    """One part of the details as text."""
    if part == "overview":
        return _overview(details, row)
    if part == "info":
        return _table(details.info)
    return {"template": details.template, "modelfile": details.modelfile, "licence": details.licence}[part]


def _overview(details: ModelDetails, row: Row) -> str:
    info = row.info
    facts = [
        ("Hosts", ", ".join(row.hosts)),
        ("Size on disk", size_words(info.size) if info.size else ""),
        *details.facts,
        ("Context", f"{info.context:,} tokens ({context_words(info.context)})" if info.context else ""),
        ("Can", ", ".join(details.capabilities)),
        ("Digest", info.digest),
        ("Used by", ", ".join(f"{use.stage.capitalize()} in {use.pipeline}" for use in row.uses)),
    ]
    parts = [_table(tuple(fact for fact in facts if fact[1]))]
    if details.parameters:
        parts.append(f"Parameters\n{details.parameters}")
    if details.system:
        parts.append(f"System prompt\n{details.system}")
    return "\n\n".join(parts)


def _table(rows: tuple[tuple[str, str], ...]) -> str:
    """Two columns, the first as wide as its longest entry."""
    wide = min(max((len(name) for name, _ in rows), default=0), 48)
    return "\n".join(f"{name:<{wide}}  {value}" for name, value in rows)
