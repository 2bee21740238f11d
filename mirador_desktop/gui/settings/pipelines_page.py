"""The page Pipelines: presets and one's own, each with its context and stages."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout

from mirador_desktop.core.engine import ModelInfo
from mirador_desktop.core.stages import DEFAULT_PIPELINE, ContextSource, Pipeline
from mirador_desktop.errors import ContextError, PipelineError
from mirador_desktop.exchange.pipeline_folder import Entry
from mirador_desktop.gui.settings.context_row import Fact
from mirador_desktop.gui.settings.page import REACH, Page
from mirador_desktop.gui.settings.pipeline_dialogs import import_dialog, preview_dialog
from mirador_desktop.gui.settings.pipeline_editor import PipelineEditor
from mirador_desktop.gui.settings.pipeline_list import PipelineList
from mirador_desktop.gui.settings.pipeline_views import BrokenFile, Notice
from mirador_desktop.gui.settings.source_dialog import SourceDialog
from mirador_desktop.gui.settings.stage_form import Around
from mirador_desktop.gui.settings.widgets import button
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.theme import Theme
from mirador_desktop.pipelines import Pipelines
from mirador_desktop.preferences import Preferences
from mirador_desktop.providers import Providers

_NARROW = 820
"""Width of a page under which the editor has too little room for everything, px at 100 %."""


class PipelinesPage(Page):
    """The stages an answer goes through, in order.

    Args:
        installed: the models there are now.
        pull: begins to pull a model.
        size_of: bytes to pull for a model, 0 if unknown.
        providers: what collects context; None where there is none.
        resolve: gives a pipeline the models that would answer now.
    """

    title = "Pipelines"

    def __init__(
        self,
        theme: Theme,
        pipelines: Pipelines,
        preferences: Preferences,
        tasks: Tasks,
        installed: Callable[[], Sequence[ModelInfo]],
        pull: Callable[[str], None],
        size_of: Callable[[str], int],
        providers: Providers | None = None,
        resolve: Callable[[Pipeline], Pipeline] = lambda pipeline: pipeline,
    ) -> None:
        super().__init__(theme, "pipelinesPage", "The stages an answer goes through, in order", scrolls=False)
        self._pipelines, self._preferences, self._tasks = pipelines, preferences, tasks
        self._installed, self._providers, self._resolve = installed, providers, resolve
        self._kinds: list[str] = []
        self._facts: dict[ContextSource, Fact] = {}
        self._chosen = ""
        self.buttons.addWidget(button(theme, "Import", self._choose_import, "", "importPipeline"))
        row = QHBoxLayout()
        row.setSpacing(theme.px(28))
        self.body.addLayout(row, 1)
        left = QVBoxLayout()
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(theme.px(8))
        self.list = PipelineList(theme)
        self.list.chosen.connect(self._go)
        left.addWidget(self.list, 1)
        new = button(theme, "+  New pipeline", self._new, "flat", "newPipeline")
        left.addWidget(new, 0, Qt.AlignmentFlag.AlignLeft)
        row.addLayout(left)
        margins = self.body.contentsMargins()
        margins.setLeft(margins.left() - theme.px(REACH))  # the selection reaches beyond the text
        self.body.setContentsMargins(margins)
        around = Around(installed, pull, size_of)
        self.editor = PipelineEditor(theme, around, self._names, resolve, lambda: self._kinds)
        self.editor.setObjectName("settingsBody")
        self.editor.edited.connect(self._edited)
        self.editor.duplicate.connect(lambda: self._do(lambda: self._go_to(pipelines.duplicate(self._chosen).name)))
        self.editor.restore.connect(self._restore)
        self.editor.delete.connect(self._delete)
        self.editor.export.connect(self._choose_export)
        self.editor.make_default.connect(lambda: preferences.change(pipeline=self._chosen))
        self.editor.preview.connect(lambda place: self._start("preview", self._preview, place))
        for signal in (self.editor.context.changed, self.editor.context.budget):
            signal.connect(lambda _: self._show_context())
        self.editor.context.edit.connect(self._edit_source)
        self.editor.context.begun.connect(lambda kind: self._fill_in(None, ContextSource(kind)))
        self.editor.context.fetch.connect(lambda url: self._start("fetch", self._fetch, url))
        area = QScrollArea()
        area.setObjectName("settingsScroll")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        if theme.scale <= 1:
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.editor)
        self._stack = QStackedWidget()
        self._stack.addWidget(area)
        self._broken = BrokenFile(theme)
        self._stack.addWidget(self._broken)
        row.addWidget(self._stack, 1)
        self._notice = Notice(theme)
        self.foot.addWidget(self._notice)
        self.finds(new, "New pipeline", "stages add create")
        self.finds(self.list, "Pipelines", "presets financial council compare stages context")
        self.finds(self.editor.add, "Add a stage", "role prompt temperature tokens threshold fallback")
        self.finds(self.editor.context, "Context of a pipeline", "file folder csv url clipboard date plug-in")
        self.hear(pipelines.listen, self._refresh)
        self.hear(preferences.listen, lambda before: self._refresh())
        self._chosen = preferences.current.pipeline
        self._refresh()

    # ── showing ────────────────────────────────────────────────────────────────────────────────────────

    def shown(self) -> None:
        """Look again at what is installed, and at files that may have changed by hand."""
        self._start("reload pipelines", self._pipelines.reload)
        self._start("context kinds", self._find_kinds)
        self.editor.refresh_models()
        self._look_at_context()

    def left(self) -> None:
        """Keep what was just written."""
        self.editor.flush()

    def resizeEvent(self, event: object) -> None:
        """Leave out what there is no room for."""
        self.editor.set_narrow(self.width() < self.theme.px(_NARROW))

    def hideEvent(self, event: object) -> None:
        """The window was closed: keep what was just written."""
        self.editor.flush()

    def restyle(self) -> None:
        """Colours have changed."""
        self.update()

    def _names(self) -> list[str]:
        return [*(e.name for e in self._pipelines.entries()), "Guide"]

    def _refresh(self) -> None:
        """Show what there is now."""
        entries = self._pipelines.entries()
        default = self._preferences.current.pipeline
        entry = self._pipelines.entry(self._chosen) or entries[0]
        self._chosen = entry.name
        self.list.show_entries(entries, default, self._chosen)
        self._show(entry)

    def _go(self, entry: Entry) -> None:
        self._chosen = entry.name
        self._show(entry)

    def _go_to(self, name: str) -> None:
        self._chosen = name
        self._refresh()

    def _show(self, entry: Entry) -> None:
        if entry.pipeline is None:
            self.editor.flush()
            self._broken.show_entry(entry)
            self._stack.setCurrentIndex(1)
            return
        self._stack.setCurrentIndex(0)
        self.editor.show_entry(entry, self._preferences.current.pipeline)
        self._show_context()
        self._look_at_context()

    def _show_context(self) -> None:
        pipeline = self.editor.pipeline
        self.editor.context.show_sources(pipeline.context, pipeline.context_tokens, self._facts)
        if any(source not in self._facts for source in pipeline.context):
            self._look_at_context()

    def _look_at_context(self) -> None:
        if (
            self._providers is not None
            and self.isVisible()
            and any(not s.empty for s in self.editor.pipeline.context)
        ):
            self._start("context facts", self._find_facts, self._providers, self.editor.pipeline)

    async def _find_facts(self, providers: Providers, pipeline: Pipeline) -> None:
        facts = {source: await providers.facts(source) for source in pipeline.context}
        if any(self._facts.get(source) != fact for source, fact in facts.items()):
            self._facts.update(facts)
            self._show_context()

    async def _find_kinds(self) -> None:
        if self._providers is not None:
            self._kinds = await self._providers.plugins()

    # ── what the person does ───────────────────────────────────────────────────────────────────────────

    def _edited(self, name: str, pipeline: Pipeline) -> None:
        chosen, renamed = self._chosen, pipeline.name != name
        if renamed and chosen == name:
            self._chosen = pipeline.name
        try:
            self._pipelines.save(pipeline, name)
        except PipelineError as error:
            self._chosen = chosen
            self.editor.refused(name, str(error))
            return
        if renamed and self._preferences.current.pipeline == name:
            self._preferences.change(pipeline=pipeline.name)

    def _new(self) -> None:
        self.editor.flush()
        self._do(lambda: self._go_to(self._pipelines.new().name))

    def _restore(self) -> None:
        self.editor.flush()
        entry = self._pipelines.restore(self._chosen)
        self._say(f"“{entry.name}” is as it was at first.", lambda: self._pipelines.put_back(entry))

    def _delete(self) -> None:
        self.editor.flush()
        default = self._preferences.current.pipeline
        name = self._chosen

        def put_back() -> None:
            self._pipelines.put_back(entry)
            self._preferences.change(pipeline=default)
            self._go_to(name)

        self._chosen = ""
        entry = self._pipelines.delete(name)
        if default == name:
            self._preferences.change(pipeline=DEFAULT_PIPELINE.name)
        self._say(f"“{name}” was deleted. Its answers stay.", put_back)

    def _say(self, words: str, undo: Callable[[], object] | None = None) -> None:
        self._notice.say(words, None if undo is None else lambda: self._do(undo))

    def _do(self, act: Callable[[], object]) -> None:
        """Do something that may be refused, and say so."""
        try:
            act()
        except PipelineError as error:
            self._say(str(error))

    def _start(self, name: str, work: Callable[..., Awaitable[None]], *values: object) -> None:
        self._tasks.start(f"pipelines page: {name}", self._said(work, *values))

    async def _said(self, work: Callable[..., Awaitable[None]], *values: object) -> None:
        try:
            await work(*values)
        except (PipelineError, ContextError) as error:
            self._say(str(error))

    # ── files of others ────────────────────────────────────────────────────────────────────────────────

    def _choose_import(self) -> None:
        dialog = self._file_dialog("Import a pipeline")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(lambda path: self._start("import", self.show_file, Path(path)))
        dialog.open()

    async def show_file(self, path: Path) -> None:
        """Show a pipeline from a file, to be taken or not."""
        pipeline = await self._pipelines.read_file(path)
        take = lambda: self._do(lambda: self._go_to(self._pipelines.take(pipeline).name))  # noqa: E731
        import_dialog(self.theme, pipeline, take, self).open()

    def _choose_export(self) -> None:
        self.editor.flush()
        dialog = self._file_dialog("Export the pipeline")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("toml")
        dialog.selectFile(f"{self._chosen.lower().replace(' ', '-')}.toml")
        name = self._chosen
        dialog.fileSelected.connect(lambda path: self._start("export", self._export, name, Path(path)))
        dialog.open()

    async def _export(self, name: str, path: Path) -> None:
        await self._pipelines.export(name, path)
        self._say(f"“{name}” is now also in {path}.")

    def _file_dialog(self, title: str) -> QFileDialog:
        dialog = QFileDialog(self, title)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setNameFilter("Pipelines (*.toml)")
        return dialog

    # ── context and preview ────────────────────────────────────────────────────────────────────────────

    def _edit_source(self, place: int) -> None:
        source = self.editor.pipeline.context[place]
        if source.kind not in ("clipboard", "time"):
            self._fill_in(place, source)

    def _fill_in(self, place: int | None, source: ContextSource) -> None:
        dialog = SourceDialog(self.theme, source, self)
        dialog.done_with.connect(lambda filled: self.editor.context.put(place, filled))
        dialog.open()

    async def _fetch(self, url: str) -> None:
        if self._providers is None:
            return
        self._say(f"Fetching {url} …")
        try:
            page = await self._providers.fetch(url)
        except ContextError as error:
            raise ContextError(f"{url} {error}. What was fetched before stays.") from error
        finally:
            self._facts = {source: fact for source, fact in self._facts.items() if source.value != url}
            self._look_at_context()
        self._say(f"{url} was fetched: {len(page.text):,} characters of text.")

    async def _preview(self, place: int) -> None:
        self.editor.flush()
        pipeline = self._resolve(self.editor.pipeline)
        sections = () if self._providers is None else (await self._providers.gather(pipeline)).sections
        window = min((m.window for m in self._installed()), default=8192)
        preview_dialog(self.theme, pipeline, place, sections, window, self).open()
