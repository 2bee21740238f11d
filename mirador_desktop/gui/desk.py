"""Connects window, session and engines: what each button and key does."""

import asyncio
import logging
from functools import partial

from PySide6.QtCore import QObject, QPoint
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from mirador_desktop.core.conversation import Attachment
from mirador_desktop.core.stages import DEFAULT_PIPELINE, GUIDE_PIPELINE, Pipeline
from mirador_desktop.gui.attachments import Attachments
from mirador_desktop.gui.backup_acts import BackupActs
from mirador_desktop.gui.doors import Doors
from mirador_desktop.gui.engine_words import show_engines
from mirador_desktop.gui.files import Files
from mirador_desktop.gui.finding import Finding
from mirador_desktop.gui.first_start import FirstStart
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.markdown_warm import warm_imports, warm_up
from mirador_desktop.gui.ordering import Ordering
from mirador_desktop.gui.remembering import Remembering
from mirador_desktop.gui.session import Session
from mirador_desktop.gui.settings.watch import SettingsWatch
from mirador_desktop.gui.settings.window import SettingsWindow
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.gui.telling import Telling

log = logging.getLogger(__name__)


class Desk(QObject):
    """Everything the person can do, wired up."""

    def __init__(self, window: MainWindow, doors: Doors) -> None:
        super().__init__(window)
        self.window, self._doors = window, doors
        self._assistant, self._engines, self._preferences = doors.assistant, doors.engines, doors.preferences
        self.tasks = Tasks(lambda error: window.toast.say(error, 8))
        self._telling = Telling(window, doors.assistant, self.tasks)
        self.tell_all = self._telling.tell_all
        self.session = Session(doors.assistant, doors.order, self.tasks, window.turns, self)
        self.finding = Finding(window, doors.assistant, self.session, self.tasks, self)
        self.ordering = Ordering(
            window,
            self.session,
            doors.assistant,
            doors.order,
            doors.preferences,
            self.tasks,
            self.finding.show_turn,
        )
        self._files = Files(window, doors, self.session, self.tasks, self._copy, lambda: self.settings.close())
        self._attachments = Attachments(
            window, self.tasks, lambda: doors.assistant.readers(window.title_bar.pipeline)
        )
        self.settings = SettingsWindow(
            window,
            window.theme,
            doors,
            self.tasks,
            lambda: window.title_bar.pipeline,
            window.toast.say,
            self.erase,
            lambda conversation, turn: self._remembering.go_to(conversation, turn),
            BackupActs(
                self.session.stop_all,
                self._restored,
                self._files.export_all,
                self._files.choose_import,
                self._files.say,
            ),
        )
        self.first_start = FirstStart(
            window.welcome,
            doors.engines,
            doors.assistant,
            doors.runtime,
            doors.pulls,
            self.tasks,
            lambda: window.title_bar.pipeline,
            self,
        )
        self._remembering = Remembering(window, self.session, doors.memories, self.tasks, self.finding.show_turn)
        self._watch = SettingsWatch(doors.preferences, self.tasks, self.tell_all, self)
        doors.backups.told = self.tell_all
        doors.providers.clipboard = lambda: QGuiApplication.clipboard().text()
        self._shown = ""
        self._connect()
        self._keys()
        window.composer.text.textChanged.connect(self._warm_up)
        window.turns.made.connect(self._warm_up)
        self.refresh_engines()

    def prepared(self) -> None:
        """The machine knows its pipelines, its models and this computer: show it, and warm what comes first."""
        doors = self._doors
        self.first_start.catalogue, self.first_start.computer = doors.models.catalogue, doors.models.computer
        self.tell_all(*doors.pipelines.problems)
        self.window.title_bar.choose_pipeline(doors.preferences.current.pipeline)
        self.refresh_engines()
        self.warm()
        left = doors.pulls.unfinished
        if left:
            names = ", ".join(pull.name for pull in left[:2]) + (f" and {len(left) - 2} more" if left[2:] else "")
            self.window.toast.say(f"Not finished: {names}", 12, "Show", lambda: self.settings.open("Models"))

    def _connect(self) -> None:
        window, session = self.window, self.session
        composer, sidebar, bar = window.composer, window.sidebar, window.title_bar
        composer.sent.connect(self.send)
        composer.stopped.connect(session.stop)
        composer.recalled.connect(session.edit)
        composer.cancelled.connect(self._leave_editing)
        sidebar.new.connect(self.new)
        sidebar.look_again.connect(self._engines.wake)
        sidebar.pulls.show_pulls(self._doors.pulls)
        sidebar.pulls.clicked.connect(lambda: self.settings.open("Models"))
        sidebar.settings.connect(lambda: self.settings.open())
        bar.layout_chosen.connect(window.set_layout)
        bar.copy_all.connect(self._files.copy_conversation)
        bar.save_all.connect(self._files.choose_export)
        sidebar.list.export_wanted.connect(self._files.export_these)
        sidebar.list.mime_of = self._files.mime_of
        sidebar.entries.append(("Import conversations…", self._files.choose_import))
        sidebar.entries.append(("Export all…", self._files.export_all))
        self.first_start.ask.connect(self._ask_first)
        self.first_start.open_settings.connect(self.settings.open)
        self.first_start.choose_pipeline.connect(self._choose_pipeline)
        window.activated.connect(self._engines.wake)
        window.closing.connect(self.settings.close)
        window.activated.connect(session.refresh_list)  # the terminal may have added conversations
        window.activated.connect(lambda: self.tasks.start("pipelines", self._doors.pipelines.reload()))
        window.inspector_shown.connect(self._answer_moved)
        session.changed.connect(self._session_changed)
        self._doors.titles.changed = self.ordering.titled
        session.answer_moved.connect(self._answer_moved)
        session.loads_changed.connect(self._engines.wake)
        session.begun.connect(self._doors.warmer.asked)
        session.ended.connect(self._doors.warmer.answered)
        window.look.load_seconds, window.look.loaded = self._doors.warmer.load_seconds, self._doors.warmer.note
        session.edit_begun.connect(composer.edit)
        session.said.connect(window.toast.say)
        session.copied.connect(self._copy)
        self._engines.listen(self.refresh_engines)
        self._doors.pipelines.listen(self._pipelines_changed)
        bar.pipeline_chosen.connect(self._pipeline_chosen)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_changed)
        self._preferences.on_complaint(self._watch.complain)
        self._doors.pipelines.on_complaint(self._watch.complain)

    def _warm_up(self) -> None:
        """Somebody begins to write or to read: import and render once what the first answer needs."""
        self.window.composer.text.textChanged.disconnect(self._warm_up)
        self.window.turns.made.disconnect(self._warm_up)
        self.tasks.start("warm up", self._import_and_render())

    async def _import_and_render(self) -> None:
        await asyncio.to_thread(warm_imports)
        self.window.look.clock.request("warm up", lambda deadline: warm_up())

    def _keys(self) -> None:
        window, session = self.window, self.session
        for keys, act in (
            ("Esc", self._escape),
            ("Ctrl+N", self.new),
            ("Ctrl+K", self.finding.focus_search),
            ("Ctrl+F", self.finding.open_bar),
            ("F3", self.finding.next),
            ("Shift+F3", self.finding.previous),
            ("Ctrl+,", self.settings.open),
            ("Ctrl+B", window.toggle_sidebar),
            ("Ctrl+I", window.toggle_inspector),
            ("Ctrl+H", lambda: window.set_heat(not window.look.heat)),
            ("Ctrl+Shift+C", self._copy_final),
            ("Ctrl+R", session.regenerate),
            ("Ctrl+E", self._files.choose_export),
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
        self._ask(question, self.window.title_bar.pipeline, composer.attachments)
        composer.clear()

    def _ask(self, question: str, pipeline: Pipeline, attachments: tuple[Attachment, ...] = ()) -> None:
        composer = self.window.composer
        self.session.ask(question, pipeline, composer.chosen_depth, composer.memory, attachments)

    def _ask_first(self, question: str, guide: bool) -> None:
        """A button of the welcome page asks; what the person has written already goes before its own words."""
        written = self.window.composer.text.toPlainText().strip()
        if written and not guide:
            self.window.composer.submit()
        else:
            self._ask(question, GUIDE_PIPELINE if guide else self.window.title_bar.pipeline)

    def new(self) -> None:
        """Begin a new conversation."""
        self.window.title_bar.choose_pipeline(self._preferences.current.pipeline)
        self.session.new()
        self.window.composer.clear()
        self.window.composer.text.setFocus()

    def open_guide(self) -> None:
        """Begin a conversation with the guide."""
        self.new()
        self.window.title_bar.choose_pipeline(GUIDE_PIPELINE.name)
        self._session_changed()

    def erase(self) -> None:
        """Delete everything that is kept, after what is being answered was stopped."""
        self.tasks.start("erase", self._erase())

    async def _erase(self) -> None:
        await self.session.stop_all()
        self.session.new()
        await self._assistant.delete_everything()
        await self._files.dragged.clear()
        await self._doors.providers.forget_all()
        self.ordering.forget()
        self.session.refresh_list()
        await self._doors.backups.delete_daily()  # last: one that cannot be deleted is said, and the rest is done
        self.window.toast.say("Everything was deleted, with the daily backups", 5)

    def _restored(self) -> None:
        """Another database took the place of the one there was: show what is in it."""
        self.session.new()
        self.ordering.forget()
        self.session.refresh_list()

    def _pipeline_chosen(self) -> None:
        self.warm()
        self._attachments.refresh()
        self._set_placeholder()
        self.first_start.refresh()

    def warm(self) -> None:
        """Load what the chosen pipeline needs, as far as it fits."""
        self._doors.warmer.want(self.window.title_bar.pipeline)

    def _choose_pipeline(self) -> None:
        """Offer the pipelines on the welcome page, where there is no title bar yet."""
        button = self.window.welcome.findChild(QPushButton, "welcome-pipeline")
        if button is not None:
            menu = self.window.title_bar.pipeline_button.menu()
            menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    def _focus_changed(self, before: QWidget | None, now: QWidget | None) -> None:
        if now is self.window.composer.text:
            self.warm()

    def _escape(self) -> None:
        if self.session.answers:
            self.session.stop()
        elif self.session.editing is not None:
            self._leave_editing()

    def _leave_editing(self) -> None:
        self.session.cancel_edit()
        self.window.composer.leave_edit()

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
            window.composer.do_not_wait()
            if (turn := session.last_turn) is not None:  # a follow-up is asked as the question before it was
                window.title_bar.choose_pipeline(DEFAULT_PIPELINE.name)
                window.title_bar.choose_pipeline(turn.pipeline)
                self.warm()
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
        show_engines(self.window.sidebar.engine, self._engines)
        self.first_start.refresh()
        self.window.inspector.show_where(self._engines.remote_addresses())
        self._set_placeholder()
        self._answer_moved()

    def _pipelines_changed(self) -> None:
        self.window.title_bar.set_pipelines(self._doors.pipelines.all())
        self.tell_all(*self._doors.pipelines.problems)
        self.refresh_engines()

    def show_kept(self, why_not: str) -> None:
        """Say that conversations are not being kept, and why; or no longer."""
        self._telling.show_kept(why_not)
        if not why_not:
            self.session.refresh_list()
