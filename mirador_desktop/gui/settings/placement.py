"""How one model is run: how long it stays in memory, its window, where its layers go; with a measurement."""

from collections.abc import Awaitable, Callable
from dataclasses import fields, replace

from PySide6.QtWidgets import QComboBox, QWidget
from shiboken6 import isValid

from mirador_desktop.core.amounts import size_words
from mirador_desktop.core.kv_cache import kv_cache_bytes
from mirador_desktop.core.manager import ModelDetails
from mirador_desktop.errors import MiradorError
from mirador_desktop.gui.settings.panel import Panel
from mirador_desktop.gui.settings.widgets import Field, button, form_row, label
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme
from mirador_desktop.measuring import TOKENS, Measured
from mirador_desktop.preferences import Preferences
from mirador_desktop.settings import ModelOptions

KEEP = (
    ("As the server has it", None),
    ("1 minute", 1),
    ("5 minutes", 5),
    ("15 minutes", 15),
    ("30 minutes", 30),
    ("1 hour", 60),
    ("Always", -1),
    ("Unload after the answer", 0),
)
_NUMBERS = (
    ("num_ctx", "Window", "Tokens of question, earlier turns and answer together. More takes more memory."),
    ("num_gpu", "Layers on the GPU", "0 keeps the model in main memory, 999 puts all of it on the GPU."),
    ("num_thread", "Threads", "As many as the processor has real cores is usually fastest."),
    ("num_batch", "Batch", "Tokens of the prompt read at once. More reads long questions faster and takes memory."),
)

MeasureModel = Callable[[str, ModelOptions], Awaitable[Measured]]


class Placement(Panel):
    """Options of one model; valid changes apply at once, and the model is loaded anew when it is next needed.

    Args:
        details: gives what the model's file says of itself.
        measure: lets the model write with some options.
    """

    def __init__(
        self,
        theme: Theme,
        model: str,
        preferences: Preferences,
        tasks: Tasks,
        details: Callable[[], Awaitable[ModelDetails]],
        measure: MeasureModel,
        parent: QWidget,
    ) -> None:
        words = (
            "Empty fields leave it to Ollama. A change applies at once; the model is loaded anew when it is needed."
        )
        super().__init__(theme, f"How {model} is run", words, parent, 640)
        self.setObjectName("placement")
        self._model, self._preferences, self._tasks = model, preferences, tasks
        self._details, self._measure_model = details, measure
        self._info: dict[str, str] = {}
        self._keep = QComboBox(self)
        self._keep.setObjectName("keepAlive")
        self._keep.setAccessibleName("How long it stays in memory after an answer")
        self._keep.setMinimumHeight(theme.px(34))
        self._fields: dict[str, Field] = {}
        self.body.addWidget(form_row(theme, "Stays in memory", self._keep, 132))
        for name, title, hint in _NUMBERS:
            field = Field(theme, f"{title}. {hint}", "chosen by Ollama")
            field.setObjectName(name)
            field.textEdited.connect(lambda _, name=name: self._edited(name))
            self._fields[name] = field
            self.body.addWidget(form_row(theme, title, field, 132, hint))
        self._cost = label("", "small", wraps=True)
        self._cost.setObjectName("windowCost")
        self.body.addWidget(self._cost)
        server = "Flash attention and the type of the key-value cache belong to the server: see Hosts."
        self.body.addWidget(label(server, "small", wraps=True))
        self._result = label("", "", wraps=True)
        self._result.setObjectName("measured")
        self._result.hide()
        self.body.addWidget(self._result)
        self._measure = button(theme, "Measure", self._start, "", "measure")
        self._measure.setToolTip(f"Lets it write {TOKENS} tokens as Ollama would have it, and as it is entered here")
        self.add_left(self._measure)
        self.add_button("As Ollama has it", self._reset, "flat", "resetPlacement")
        self.add_button("Done", self.close, "", "closePlacement")
        self._show()
        self._keep.currentIndexChanged.connect(self._kept)
        tasks.start("placement", self._read())
        for name in ("placement", "measure"):
            self.finished.connect(lambda _=0, name=name: tasks.cancel(name))

    @property
    def _options(self) -> ModelOptions:
        return self._preferences.options_of(self._model)

    def _show(self) -> None:
        options, default = self._options, self._preferences.current.num_ctx
        choices = list(KEEP)
        if all(value != options.keep_alive for _, value in choices):
            choices.append((f"{options.keep_alive} minutes", options.keep_alive))
        self._keep.blockSignals(True)
        self._keep.clear()
        for words, value in choices:
            self._keep.addItem(words, value)
        self._keep.setCurrentIndex([value for _, value in choices].index(options.keep_alive))
        self._keep.blockSignals(False)
        for name, field in self._fields.items():
            value = getattr(options, name)
            field.setText("" if value is None else str(value))
            field.set_wrong("")
        self._fields["num_ctx"].setPlaceholderText(f"{default:,}, as set for all models")
        self._show_cost()

    def _kept(self, place: int) -> None:
        self._preferences.change_model(self._model, keep_alive=self._keep.itemData(place))

    def _edited(self, name: str) -> None:
        field = self._fields[name]
        text = field.text().strip().replace(",", "")
        rule = next(f for f in fields(ModelOptions) if f.name == name).metadata
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None
        if text and (value is None or not rule["good"](value)):
            field.set_wrong(f"Expected is {rule['expected']}, or nothing.")
            self.fail(f"{field.accessibleName().partition('.')[0]}: expected is {rule['expected']}, or nothing.")
            return
        field.set_wrong("")
        self.fail("")
        self._preferences.change_model(self._model, **{name: value})
        self._show_cost()

    def _reset(self) -> None:
        self._preferences.forget_model(self._model)
        self.fail("")
        self._show()

    def _show_cost(self) -> None:
        window = self._options.num_ctx or self._preferences.current.num_ctx
        cost = kv_cache_bytes(self._info, window)
        words = (
            f"A window of {window:,} tokens takes about {size_words(cost)} beside the model itself." if cost else ""
        )
        self._cost.setText(words)
        self._cost.setVisible(bool(words))

    async def _read(self) -> None:
        try:
            details = await self._details()
        except MiradorError:
            return  # the costs are not shown
        self._info = dict(details.info)
        self._show_cost()

    def _start(self) -> None:
        self._tasks.start("measure", self._run())

    async def _run(self) -> None:
        self._measure.setEnabled(False)
        self._result.show()
        own = replace(ModelOptions(), num_ctx=self._options.num_ctx)
        lines: list[str] = []
        try:
            for title, options in (("As Ollama has it", own), ("As entered here", self._options)):
                self._result.setText("\n".join([*lines, f"{title}: loading and writing…"]))
                lines.append(f"{title}: {_words(await self._measure_model(self._model, options))}")
        except MiradorError as error:
            lines.append(str(error))
        finally:
            if isValid(self):  # the panel may have been closed meanwhile
                self._measure.setEnabled(True)
        self._result.setText("\n".join(lines))


def _words(measured: Measured) -> str:
    words = f"{measured.tokens_per_second:.1f} tok/s"
    if measured.size:
        share = measured.size_gpu / measured.size
        words += f", {size_words(measured.size)} in memory, {share * 100:.0f} % on the GPU"
    return words
