"""Connects window, session and engines: what each button and key does."""

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, QUrl
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QMenu

from mirador_desktop.core.engine import EngineState
from mirador_desktop.core.stages import DEFAULT_PIPELINE, GUIDE_PIPELINE
from mirador_desktop.gui.engines_door import Engines
from mirador_desktop.gui.files import Files
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.markdown_view import warm_up
from mirador_desktop.gui.session import Session
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.preferences import Preferences

if TYPE_CHECKING:
    from mirador_desktop.assistant import Assistant

log = logging.getLogger(__name__)

DOWNLOAD_PAGE = "https://ollama.com/download"
_DELETE_ON_CLOSE = Qt.WidgetAttribute.WA_DeleteOnClose


class Desk(QObject):
    """Everything the person can do, wired up."""

    def __init__(
        self,
        window: MainWindow,
        assistant: "Assistant",
        engines: Engines,
        preferences: Preferences,
        settings_file: Path,
    ) -> None:
        super().__init__(window)
        self.window, self._assistant, self._engines = window, assistant, engines
        self._preferences, self._settings_file = preferences, settings_file
        self.tasks = Tasks(lambda error: window.toast.say(error, 8))
        self.session = Session(assistant, self.tasks, window.turns, self)
        self._files = Files(window, assistant, self.session, self.tasks, self._copy)
        self._shown = ""
        self._kept = True
        self._told: list[str] = []
        self._notices: list[str] = []  # of these, what was not read yet
        self._connect()
        self._keys()
        window.composer.text.textChanged.connect(self._warm_up)
        window.turns.made.connect(self._warm_up)
        self.refresh_engines()

    def _connect(self) -> None:
        window, session = self.window, self.session
        composer, sidebar, bar = window.composer, window.sidebar, window.title_bar
        composer.sent.connect(self.send)
        composer.stopped.connect(session.stop)
        composer.recalled.connect(session.edit)
        composer.cancelled.connect(self._leave_editing)
        composer.attach.connect(self._files.choose_file)
        sidebar.new.connect(self.new)
        sidebar.list.opened.connect(session.open)
        sidebar.list.renamed.connect(session.rename)
        sidebar.list.pinned.connect(session.pin)
        sidebar.list.deleted.connect(session.delete)
        sidebar.searched.connect(session.search)
        sidebar.look_again.connect(self._engines.wake)
        sidebar.settings.connect(self.open_settings)
        bar.layout_chosen.connect(window.set_layout)
        bar.copy_all.connect(self._files.copy_conversation)
        bar.save_all.connect(self._files.choose_export)
        window.welcome.ask.connect(lambda q: session.ask(q, GUIDE_PIPELINE))
        window.welcome.retry.connect(self._engines.wake)
        window.welcome.download.connect(lambda: QDesktopServices.openUrl(QUrl(DOWNLOAD_PAGE)))
        window.activated.connect(self._engines.wake)
        window.activated.connect(session.refresh_list)  # the terminal may have added conversations
        window.inspector_shown.connect(self._answer_moved)
        session.changed.connect(self._session_changed)
        session.listed.connect(lambda found: sidebar.show_conversations(found, session.current))
        session.answer_moved.connect(self._answer_moved)
        session.loads_changed.connect(self._engines.wake)
        session.edit_begun.connect(composer.edit)
        session.said.connect(window.toast.say)
        session.copied.connect(self._copy)
        self._engines.listen(self.refresh_engines)

    def _warm_up(self) -> None:
        """Somebody begins to write or to read: import and render once what the first answer needs."""
        self.window.composer.text.textChanged.disconnect(self._warm_up)
        self.window.turns.made.disconnect(self._warm_up)
        self.window.look.clock.request("warm up", lambda deadline: warm_up())

    def _keys(self) -> None:
        window, session = self.window, self.session
        for keys, act in (
            ("Esc", self._escape),
            ("Ctrl+N", self.new),
            ("Ctrl+K", self._focus_search),
            ("Ctrl+,", self.open_settings),
            ("Ctrl+B", window.toggle_sidebar),
            ("Ctrl+I", window.toggle_inspector),
            ("Ctrl+H", lambda: window.set_heat(not window.look.heat)),
            ("Ctrl+Shift+C", self._copy_final),
            ("Ctrl+R", session.regenerate),
            ("Ctrl+E", self._show_export),
            ("F1", self.open_guide),
            ("Ctrl++", lambda: window.set_scale(1)),
            ("Ctrl+=", lambda: window.set_scale(1)),
            ("Ctrl+-", lambda: window.set_scale(-1)),
            ("Ctrl+0", lambda: window.set_scale(0)),
        ):
            window.shortcut(keys, act)
        for place in range(6):
            window.shortcut(f"Alt+{place + 1}", partial(self._toggle_stage, place))

    # ── what the person does ───────────────────────────────────────────────────────────────────────────

    def send(self, question: str) -> None:
        """Ask what the composer holds."""
        composer = self.window.composer
        if self.session.answers:
            return
        self.session.ask(question, self.window.title_bar.pipeline, composer.chosen_depth, composer.memory)
        composer.clear()

    def new(self) -> None:
        """Begin a new conversation."""
        self.window.title_bar.choose_pipeline(DEFAULT_PIPELINE.name)
        self.session.new()
        self.window.composer.clear()
        self.window.composer.text.setFocus()

    def open_guide(self) -> None:
        """Begin a conversation with the guide."""
        self.new()
        self.window.title_bar.choose_pipeline(GUIDE_PIPELINE.name)
        self._session_changed()

    def open_settings(self) -> None:
        """Show the settings there are."""
        gear, theme = self.window.sidebar.gear, self.window.theme
        menu = QMenu(self.window)
        menu.setObjectName("settingsMenu")
        menu.setAttribute(_DELETE_ON_CLOSE)
        group = QActionGroup(menu)
        for value, words in (("system", "System theme"), ("light", "Light theme"), ("dark", "Dark theme")):
            action = QAction(words, group, checkable=True)
            action.setChecked(theme.choice == value)
            action.triggered.connect(lambda _=False, value=value: self._choose_theme(value))
            menu.addAction(action)
        menu.addSeparator()
        menu.addAction("Larger text", lambda: self.window.set_scale(1))
        menu.addAction("Smaller text", lambda: self.window.set_scale(-1))
        menu.addAction("Normal text", lambda: self.window.set_scale(0))
        heat = menu.addAction("Tint unsure words", lambda: self.window.set_heat(not self.window.look.heat))
        heat.setCheckable(True)
        heat.setChecked(self.window.look.heat)
        menu.addSeparator()
        menu.addAction("Open settings.toml", self._open_settings_file)
        menu.addAction("Guide", self.open_guide)
        self.window.show_sidebar()
        menu.popup(gear.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def _choose_theme(self, choice: str) -> None:
        self.window.theme.choose(choice)
        self._preferences.change(theme=choice)

    def _open_settings_file(self) -> None:
        self._preferences.change()  # so that there is one
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._settings_file)))

    def _escape(self) -> None:
        if self.session.answers:
            self.session.stop()
        elif self.session.editing is not None:
            self._leave_editing()

    def _leave_editing(self) -> None:
        self.session.cancel_edit()
        self.window.composer.leave_edit()

    def _show_export(self) -> None:
        if self.window.title_bar.export.isVisible():
            self.window.title_bar.export.showMenu()

    def _focus_search(self) -> None:
        self.window.show_sidebar()
        self.window.sidebar.search.setFocus()
        self.window.sidebar.search.selectAll()

    def _toggle_stage(self, place: int) -> None:
        view = self.window.turns.last_view()
        if view is not None:
            view.toggle(place)

    def _copy_final(self) -> None:
        turn = self.session.last_turn
        if turn is not None and turn.final_text:
            self._copy(turn.final_text)

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self.window.toast.say("Copied", 1.5)

    # ── what has changed ───────────────────────────────────────────────────────────────────────────────

    def _session_changed(self) -> None:
        session, window = self.session, self.window
        conversation = session.conversation
        has_turns = bool(window.turns.turn_ids) or session.answers
        window.show_conversation(conversation.title if conversation is not None else "", has_turns)
        window.sidebar.list.choose(session.current)
        window.composer.set_answering(session.answers)
        if session.editing is None:
            window.composer.leave_edit()
        if session.current != self._shown:
            self._shown = session.current
            if (turn := session.last_turn) is not None:  # a follow-up is asked as the question before it was
                window.title_bar.choose_pipeline(DEFAULT_PIPELINE.name)
                window.title_bar.choose_pipeline(turn.pipeline)
        self.refresh_engines()

    def _set_placeholder(self) -> None:
        window = self.window
        if self._engines.only_guide or window.title_bar.pipeline.name == GUIDE_PIPELINE.name:
            words = "Ask the guide how Mirador works"
        else:
            words = "Ask a follow-up…" if window.turns.turn_ids else "Ask anything"
        window.composer.set_placeholder(words)

    def _answer_moved(self) -> None:
        turn = self.session.last_turn
        if not self.window.inspector.isHidden():
            self.window.inspector.show_turn(turn, self.session.seconds_into(turn) if turn is not None else None)
            self.window.inspector.show_loaded(self._engines.loaded(), turn)

    def refresh_engines(self) -> None:
        """Show what the last look at the engines found."""
        engines, window = self._engines, self.window
        states = [(e, engines.states[e.name]) for e in engines.engines]
        more = "\n".join(f"{e.name} ({e.address}): {_describe(s)}" for e, s in states)
        if not engines.looked:
            window.sidebar.engine.set_state("Looking for models…", False, False, more)
        elif not engines.reachable:
            window.sidebar.engine.set_state("Ollama · not running", False, True, more)
        elif not engines.has_models:
            window.sidebar.engine.set_state("Ollama · no models", False, False, more)
        else:
            up = [e.name for e, s in states if s is not None and s.reachable]
            window.sidebar.engine.set_state(f"Ollama · {', '.join(up)}", True, False, more)
        self._show_welcome()
        window.inspector.show_where(engines.remote_addresses())
        self._set_placeholder()
        self._answer_moved()

    def _show_welcome(self) -> None:
        engines, welcome = self._engines, self.window.welcome
        if self.window.title_bar.pipeline.name == GUIDE_PIPELINE.name:
            welcome.show_guide()
        elif not engines.looked:
            welcome.show_looking()
        elif not engines.reachable:
            welcome.show_no_engine(engines.why_nothing().partition(" Start Ollama")[0])
        elif not engines.has_models:
            welcome.show_no_models()
        else:
            chosen = self._assistant.chosen(DEFAULT_PIPELINE)
            welcome.show_ready(chosen.stages, dict(chosen.left_out))

    def show_kept(self, why_not: str) -> None:
        """Say that conversations are not being kept, and why; or no longer."""
        self._kept = not why_not
        if not why_not:
            self._show_notices()
            self.session.refresh_list()
        elif self._assistant.can_start_afresh:
            self.window.banner.say(
                f"This conversation is not being kept. {why_not}",
                "Start a new file",
                self._begin_afresh,
            )
        else:
            self.window.banner.say(f"This conversation is not being kept. {why_not}")
        self.window.arrange()

    def _begin_afresh(self) -> None:
        self.tasks.start("afresh", self._start_afresh())

    async def _start_afresh(self) -> None:
        aside = await self._assistant.start_afresh()
        self.window.toast.say(f"The old file is now {Path(aside).name}", 8)

    def tell_all(self, *notices: str) -> None:
        """Say things once, until the person has read them; empty ones are nothing."""
        new = [words for words in notices if words and words not in self._told]
        if new:
            self._told += new
            self._notices += new
            if self._kept:  # else they wait: what is not being kept matters more
                self._show_notices()

    def _show_notices(self) -> None:
        self.window.banner.say(" ".join(self._notices), "OK" if self._notices else "", self._read)
        self.window.arrange()

    def _read(self) -> None:
        self._notices.clear()
        self._show_notices()


def _describe(state: EngineState | None) -> str:
    if state is None:
        return "not looked at yet"
    return f"version {state.version}, {len(state.models)} models" if state.reachable else state.error
