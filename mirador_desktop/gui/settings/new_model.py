"""Dialogs about names: copy, rename, a variant with a system prompt and parameters, a model of a file, deleting."""

import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QCheckBox, QPlainTextEdit, QVBoxLayout, QWidget

from mirador_desktop.core.amounts import size_words
from mirador_desktop.core.manager import NewModel
from mirador_desktop.core.model_rows import Row
from mirador_desktop.core.pull_names import wrong_name
from mirador_desktop.gui.settings.panel import Panel, close_when_done
from mirador_desktop.gui.settings.widgets import Field, form_row
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme
from mirador_desktop.models import Models

Act = Callable[[str], Awaitable[object]]


class NamePanel(Panel):
    """Asks for a name, does something with it, and closes when that has worked.

    Args:
        verb: on its button.
        act: a coroutine function that gets the name and raises a MiradorError where it cannot be done.
    """

    def __init__(
        self,
        theme: Theme,
        title: str,
        words: str,
        verb: str,
        name: str,
        act: Act,
        tasks: Tasks,
        parent: QWidget,
        wide: int = 460,
    ) -> None:
        super().__init__(theme, title, words, parent, wide)
        self._act, self._tasks, self._before = act, tasks, name
        self.name = Field(theme, "Name", "name:tag")
        self.name.setObjectName("newModelName")
        self.name.setText(name)
        self.name.selectAll()
        self.name.textChanged.connect(self._check)
        self.name.returnPressed.connect(self.do)
        self.body.addWidget(self.name)
        self.add_button("Cancel", self.reject)
        self.yes = self.add_button(verb, self.do, "primary", "newModelDo")
        self._check()
        self.name.setFocus()

    def wrong(self) -> str:
        """What keeps it from being done, "" if nothing does."""
        return wrong_name(self.name.text().strip())

    def _check(self) -> None:
        text = self.name.text().strip()
        self.name.set_wrong(wrong_name(text) if text else "")
        self.yes.setEnabled(bool(text))
        self.fail("")

    def do(self) -> None:
        """Do it."""
        if why := self.wrong():
            self.fail(why)
            return
        self.yes.setEnabled(False)
        act = self._act(self.name.text().strip())
        self._tasks.start("change a model", close_when_done(self, act, self.yes))


class VariantPanel(NamePanel):
    """Asks for what is different in a model that is made of another one."""

    def __init__(self, theme: Theme, row: Row, models: Models, tasks: Tasks, parent: QWidget) -> None:
        words = f"A model of its own that shares the weights of {row.name}, so it takes hardly any room."
        base = row.name.partition(":")[0].rpartition("/")[2]
        super().__init__(theme, "New variant", words, "Create", f"{base}-mine", self._make, tasks, parent, 580)
        self._model, self._models = row, models
        self.body.removeWidget(self.name)
        self.system = QPlainTextEdit(self)
        self.system.setAccessibleName("System prompt")
        self.system.setPlaceholderText("Left empty, it stays as it is")
        self.system.setTabChangesFocus(True)
        self.system.setFixedHeight(theme.px(110))
        self.temperature = Field(theme, "Temperature", "as it is")
        self.context = Field(theme, "Context", "as it is")
        self.more = QPlainTextEdit(self)
        self.more.setAccessibleName("Further parameters")
        self.more.setPlaceholderText("top_p 0.9\nstop <|end|>")
        self.more.setTabChangesFocus(True)
        self.more.setFixedHeight(theme.px(70))
        for words, widget, hint in (
            ("Name", self.name, ""),
            ("System prompt", self.system, ""),
            ("Temperature", self.temperature, "0 is always the same answer, 1 is lively"),
            ("Context", self.context, "tokens of question and answer together, for example 8192"),
            ("Further", self.more, "one parameter a line, as in a Modelfile"),
        ):
            line = form_row(theme, words, widget, 104, hint)
            if isinstance(widget, QPlainTextEdit):
                line.setMinimumHeight(line.sizeHint().height())
            self.body.addWidget(line)
        self.name.setFocus()

    def parameters(self) -> dict[str, Any]:
        """What was entered.

        Raises:
            ValueError: something is no parameter, with a sentence.
        """
        found: dict[str, Any] = {}
        for name, field, low, high in (
            ("temperature", self.temperature, 0, 5),
            ("num_ctx", self.context, 128, 1 << 24),
        ):
            text = field.text().strip().replace(",", ".")
            if not text:
                continue
            try:
                number = float(text) if name == "temperature" else int(text)
            except ValueError:
                raise ValueError(f"{field.accessibleName()} is “{text}”, a number is expected.") from None
            if not low <= number <= high:
                raise ValueError(f"{field.accessibleName()} is {number:g}, expected is {low} to {high}.")
            found[name] = number
        for line in self.more.toPlainText().splitlines():
            key, _, value = line.strip().removeprefix("PARAMETER ").strip().partition(" ")
            if not key:
                continue
            if not key.isidentifier() or not value.strip():
                raise ValueError(f"“{line.strip()}” is not a parameter: it is a name, a space and a value.")
            value = _value(value.strip())
            found[key] = [*found[key], value] if isinstance(found.get(key), list) else value
            if key == "stop" and not isinstance(found[key], list):
                found[key] = [str(value)]
        return found

    def wrong(self) -> str:
        """See `NamePanel.wrong`."""
        try:
            self.parameters()
        except ValueError as error:
            return str(error)
        return super().wrong()

    async def _make(self, name: str) -> None:
        new = NewModel(name, system=self.system.toPlainText().strip(), parameters=self.parameters())
        await self._models.make_variant(self._model, new)


class DeletePanel(Panel):
    """Asks once before a model is deleted: with its size, its hosts, and the stages that use it."""

    def __init__(self, theme: Theme, row: Row, models: Models, tasks: Tasks, parent: QWidget) -> None:
        super().__init__(theme, f"Delete {row.name}?", "", parent)
        self._model, self._models, self._tasks = row, models, tasks
        self.words.setText(delete_words(row))
        self.words.show()
        self._boxes: list[tuple[str, QCheckBox]] = []
        if len(row.places) > 1:
            column = QVBoxLayout()
            for place in row.places:
                box = QCheckBox(f"{place.host}, {size_words(place.info.size)}", self)
                box.setChecked(True)
                box.toggled.connect(self._check)
                column.addWidget(box)
                self._boxes.append((place.host, box))
            self.body.addLayout(column)
        keep = self.add_button("Keep it", self.reject, "", "deleteModelKeep")
        self.yes = self.add_button("Delete", self.do, "danger", "deleteModelNow")
        keep.setFocus()

    def hosts(self) -> list[str]:
        """Where it is to be deleted."""
        if not self._boxes:
            return [self._model.hosts[0]]
        return [host for host, box in self._boxes if box.isChecked()]

    def _check(self) -> None:
        self.yes.setEnabled(bool(self.hosts()))

    def do(self) -> None:
        """Delete it."""
        self.yes.setEnabled(False)
        deleting = self._models.delete(self._model, self.hosts())
        self._tasks.start("delete a model", close_when_done(self, deleting, self.yes))


def delete_words(row: Row) -> str:
    """What deleting a model means, in sentences."""
    sizes = {place.info.size for place in row.places}
    size = size_words(max(sizes)) if max(sizes) else "Its files"
    where = f"on {row.hosts[0]}" if len(row.hosts) == 1 else f"on each of {len(row.hosts)} hosts"
    sentences = [f"{size} {where}. To have it back, it has to be pulled or made again."]
    if row.uses:
        named = [f"{use.stage.capitalize()} in {use.pipeline}" for use in row.uses[:4]]
        more = f" and {len(row.uses) - 4} more" if len(row.uses) > 4 else ""
        one = len(row.uses) == 1
        sentences.append(
            f"Used by {', '.join(named)}{more}. {'That stage then answers' if one else 'Those stages then answer'} "
            "with a fallback model, or with another one that is there."
        )
    return "\n\n".join(sentences)


def file_panel(
    theme: Theme,
    path: Path,
    name: str,
    size: int,
    hosts: Sequence[str],
    models: Models,
    tasks: Tasks,
    parent: QWidget,
) -> NamePanel:
    """Asks what the model of a file shall be called."""

    async def make(name: str) -> None:
        models.make(path, name, hosts[0] if hosts else "")

    where = f" It is sent to {hosts[0]}, which keeps a copy." if hosts else ""
    return NamePanel(
        theme, "Model from a file", f"{path.name}, {size_words(size)}.{where}", "Create", name, make, tasks, parent
    )


def _value(text: str) -> Any:
    """A number or yes/no where it is one, else the text without its quotes."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float | str | bool) else text
