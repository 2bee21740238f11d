"""Windows of the pipelines page that only show: what is sent to a stage, and a pipeline from somebody else."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from mirador_desktop.core.amounts import count_words
from mirador_desktop.core.context import Quoted, Section, compile_messages, estimate_tokens
from mirador_desktop.core.stages import Pipeline
from mirador_desktop.gui.settings.widgets import button, label
from mirador_desktop.gui.theme import Theme

EXAMPLE = "Should we move our three servers to another provider this year?"
_ROLES = {"system": "Role (system message)", "user": "Question (user message)", "assistant": "Answer"}


class TextDialog(QDialog):
    """Shows a text that can be selected, and buttons below it."""

    def __init__(self, theme: Theme, name: str, title: str, words: str, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"{title} - Mirador")
        self.resize(theme.px(680), theme.px(560))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(24), theme.px(20), theme.px(24), theme.px(20))
        column.setSpacing(theme.px(10))
        column.addWidget(label(title, "title", wraps=True))
        column.addWidget(label(words, "muted", wraps=True))
        self.text = QPlainTextEdit(text, self)
        self.text.setReadOnly(True)
        self.text.setAccessibleName(title)
        self.text.setFont(theme.fixed_font(8.5))
        self.text.setTabChangesFocus(True)
        column.addWidget(self.text, 1)
        self.buttons = QHBoxLayout()
        self.buttons.addStretch(1)
        column.addLayout(self.buttons)


def preview_dialog(
    theme: Theme, pipeline: Pipeline, place: int, context: Sequence[Quoted], window: int, parent: QWidget
) -> TextDialog:
    """Show what a model of the stage at a place is sent for an example question.

    Args:
        pipeline: with the models that would answer now.
        context: what the sources give now.
        window: tokens of prompt and answer together that models are run with.
    """
    stage = pipeline.stages[place]
    before = [
        Section(s.name, model, f"(Here stands what {model} wrote.)")
        for s in pipeline.stages[:place]
        for model in s.models or ("a model",)
    ]
    room = max(window - stage.max_tokens, window // 2)
    messages = compile_messages(stage.role_prompt, EXAMPLE, (), (*context, *before), room)
    parts = [f"{_ROLES[m.role]}\n\n{m.content}" for m in messages]
    tokens = sum(estimate_tokens(m.content) for m in messages)
    words = (
        f"For the example question “{EXAMPLE}”, about {tokens:,} tokens. Earlier turns of the conversation stand "
        "between the two messages."
    )
    text = "\n\n\n".join(parts)
    made = TextDialog(theme, "sentDialog", f"What {stage.name} is sent", words, text, parent)
    made.buttons.addWidget(button(theme, "Close", made.accept, "primary"))
    return made


def describe(pipeline: Pipeline) -> str:
    """All of a pipeline in words, for somebody who decides whether to take it."""
    lines = [pipeline.name]
    if pipeline.description:
        lines.append(pipeline.description)
    if pipeline.context:
        lines += ["", f"Puts into every question, at most {pipeline.context_tokens:,} tokens:"]
        for source in pipeline.context:
            what = source.value or ("empty" if source.empty else "")
            name = f" ({source.name})" if source.name else ""
            lines.append(f"  {source.kind}{name}{f': {what}' if what else ''}")
    for place, stage in enumerate(pipeline.stages, start=1):
        models = ", ".join(stage.models) or f"chosen by themselves ({stage.choose})"
        lines += [
            "",
            f"{place}. {stage.name}",
            f"   Models: {models}",
            *([f"   Fallback: {', '.join(stage.fallback_models)}"] if stage.fallback_models else []),
            f"   {stage.max_tokens:,} tokens, temperature {stage.temperature:g}, "
            f"confidence {stage.confidence_threshold:g}, {'thinks' if stage.think else 'does not think'} first",
            *(f"   | {line}" for line in stage.role_prompt.splitlines()),
        ]
    return "\n".join(lines)


def import_dialog(theme: Theme, pipeline: Pipeline, take: Callable[[], object], parent: QWidget) -> TextDialog:
    """Show a pipeline from somebody else before it is taken."""
    reads = [s for s in pipeline.context if s.kind not in ("time",)]
    words = f"Nothing is kept or run until you take it. It has {count_words(len(pipeline.stages), 'stage')}"
    words += f" and reads {count_words(len(reads), 'source')} of yours: look at them below." if reads else "."
    made = TextDialog(theme, "importDialog", f"Take “{pipeline.name}”?", words, describe(pipeline), parent)

    def taken() -> None:
        take()
        made.accept()

    made.buttons.addWidget(button(theme, "Cancel", made.reject))
    made.buttons.addWidget(button(theme, "Take it", taken, "primary", "takePipeline"))
    return made
