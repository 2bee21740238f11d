"""States of export, import and backup: their dialogs, and their part of the page Memory."""

import json
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QLabel, QPushButton, QScrollArea, QWidget

from mirador_desktop.exchange.options import Format
from mirador_desktop.gui.export_dialog import ExportDialog
from mirador_desktop.gui.files import Files
from mirador_desktop.gui.import_dialog import ImportDialog
from mirador_desktop.gui.main_window import MainWindow
from mirador_desktop.gui.settings.backup_dialogs import DailyPanel, RestorePanel
from mirador_desktop.gui.settings.backup_section import BackupSection
from mirador_desktop.gui.settings.widgets import Field
from tests.driving import part, settled, tick, until
from tests.end2end.test_settings import opened
from tests.screenshots.search_states import _kept as kept
from tests.screenshots.state import SETTINGS, WINDOW, State, World, settings_window

SMALL = ((800, 600), *WINDOW)


def larger(world: World) -> None:
    """Let text be half as large again."""
    world.settings("text_scale = 1.5\n")


def kept_larger(world: World) -> None:
    """Conversations, and larger text."""
    kept(world)
    larger(world)


async def _export(kind: Format, select: int, window: MainWindow, world: World) -> ExportDialog:
    window.show_sidebar()
    rows = window.sidebar.list
    await until(lambda: len(rows.conversations) == 4, "the conversations")
    await tick(0.2)
    window.activateWindow()
    if select > 1:
        rows.export_wanted.emit([c.id for c in rows.conversations[:select]])
    elif select:
        first = rows.conversations[0]
        files = next(child for child in window.children() if isinstance(child, Files))
        await files._session.show(first.id)
        await settled(window)
        files.choose_export()
    else:
        next(child for child in window.children() if isinstance(child, Files)).export_all()
    dialog = part(window, ExportDialog, "exportDialog")
    dialog.choose(kind)
    dialog.preview.say("")
    await until(lambda: not dialog.preview.words.isVisible(), "the preview")
    await tick(0.2)
    return dialog


def exporting(kind: Format, select: int = 1) -> Any:
    """Reaches the dialog with a format, for the shown conversation (1), so many, or all (0)."""

    async def reach(window: MainWindow, world: World) -> None:
        await _export(kind, select, window, world)

    return reach


async def _busy(window: MainWindow, world: World) -> None:
    dialog = await _export("markdown", 0, window, world)
    dialog._set_busy(True)
    dialog._show_written(12, 19)


def _chatgpt(count: int) -> list[dict[str, Any]]:
    def node(key: str, parent: str | None, role: str, text: str, *children: str) -> dict[str, Any]:
        content = {"content_type": "text", "parts": [text]}
        message = {"id": key, "author": {"role": role}, "create_time": 1.76e9, "content": content, "metadata": {}}
        return {"id": key, "message": message, "parent": parent, "children": list(children)}

    return [
        {
            "title": f"Talk {number}",
            "create_time": 1.76e9 + number,
            "conversation_id": f"talk-{number}",
            "current_node": "a",
            "mapping": {
                "q": node("q", None, "user", "Which pickups suit a Telecaster?", "a"),
                "a": node("a", "q", "assistant", "Lower output ones."),
                "t": node("t", "a", "tool", "[]"),
            },
        }
        for number in range(count)
    ]


def _files(world: World) -> list[Path]:
    return [
        world.write("conversations.json", json.dumps(_chatgpt(128))),
        world.write("a-very-long-name-of-a-file-that-nobody-would-give-to-it-but-somebody-did.json", "{"),
        world.write("chat-export-1764200000.json", json.dumps([{"chat": {"messages": [{"role": "user"}]}}])),
    ]


async def _recognised(window: MainWindow, world: World) -> ImportDialog:
    files = next(child for child in window.children() if isinstance(child, Files))
    files.import_files(_files(world))
    dialog = part(window, ImportDialog, "importDialog")
    await until(lambda: part(dialog, QPushButton, "importNow").isEnabled(), "what they are")
    await tick(0.2)
    return dialog


async def _found(window: MainWindow, world: World) -> None:
    await _recognised(window, world)


async def _refused(window: MainWindow, world: World) -> None:
    files = next(child for child in window.children() if isinstance(child, Files))
    files.import_files([world.write("notes.json", '{"a": 1}')])
    dialog = part(window, ImportDialog, "importDialog")
    await until(lambda: dialog.error.text(), "why not")


async def _adding(window: MainWindow, world: World) -> None:
    dialog = await _recognised(window, world)
    dialog._set_busy(True)
    dialog._kept(60, 100)


async def _reported(window: MainWindow, world: World) -> None:
    dialog = await _recognised(window, world)
    part(dialog, QPushButton, "importNow").click()
    await until(lambda: dialog.report.isVisible(), "the report")
    await tick(0.3)


async def _backups(window: MainWindow, world: World) -> BackupSection:
    folder = world.home / "data" / "backups"
    folder.mkdir(parents=True, exist_ok=True)
    await opened(window, "Memory")
    section = settings_window(window).findChild(BackupSection)
    assert section is not None
    await tick(0.3)
    return section


def _reveal(window: MainWindow) -> None:
    for area in settings_window(window).findChildren(QScrollArea, "settingsScroll"):
        if area.isVisible():
            area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())


def _shows_section(window: MainWindow) -> QWidget:
    _reveal(window)
    return settings_window(window)


async def _section(window: MainWindow, world: World) -> None:
    section = await _backups(window, world)
    await section._backups.set_daily("seven bees on a roof")
    await until(lambda: list(section._backups.folder.glob("*.miradorbackup")), "the first backup")
    for day in range(10, 16):
        (section._backups.folder / f"mirador-2026-03-{day}.miradorbackup").write_bytes(b"0" * 4_000_000)
    section.refresh()
    await until(lambda: part(section, QLabel, "dailyBackups").text().count("\n") == 7, "seven backups")


async def _write(window: MainWindow, world: World) -> None:
    section = await _backups(window, world)
    section.back_up()
    panel = part(settings_window(window), QWidget, "backupPanel")
    part(panel, Field, "passphrase").setText("mirador2026")


async def _daily(window: MainWindow, world: World) -> None:
    section = await _backups(window, world)
    section._daily.click()
    panel = part(settings_window(window), DailyPanel, "dailyPanel")
    part(panel, Field, "passphrase").setText("seven bees on a roof in Ghent")
    part(panel, Field, "passphraseAgain").setText("seven bees on a roof")
    part(panel, QPushButton, "backupGo").click()


async def _wrong(window: MainWindow, world: World) -> None:
    section = await _backups(window, world)
    path = world.home / "Mirador 2026-03-14.miradorbackup"
    await section._backups.write(path, "seven bees on a roof")
    section.restore(path)
    panel = part(settings_window(window), RestorePanel, "restorePanel")
    part(panel, Field, "passphrase").setText("eight bees on a roof")
    part(panel, QPushButton, "backupGo").click()
    await until(lambda: panel.error.text(), "that it is wrong")


async def _delete(window: MainWindow, world: World) -> None:
    await _section(window, world)
    part(settings_window(window), QPushButton, "deleteBackups").click()
    await tick(0.1)


async def _written(window: MainWindow, world: World) -> None:
    section = await _backups(window, world)
    section._written(world.home / "Mirador 2026-03-14.miradorbackup")
    await tick(0.1)


STATES: dict[str, Any] = {
    **{f"export-{kind}": State(exporting(kind), None, kept) for kind in ("html", "pdf", "docx", "text", "json")},
    "export-markdown": State(exporting("markdown"), None, kept, sizes=SMALL),
    "export-openwebui": State(exporting("openwebui"), None, kept),
    "export-selected": State(exporting("markdown", 3), None, kept),
    "export-all": State(exporting("markdown", 0), None, kept),
    "export-larger": State(exporting("pdf", 3), None, kept_larger, sizes=SMALL),
    "export-busy": State(_busy, None, kept),
    "import-recognised": State(_found),
    "import-refused": State(_refused),
    "import-adding": State(_adding),
    "import-report": State(_reported),
    "import-larger": State(_reported, prepare=larger, sizes=SMALL),
    "backup-section": State(_section, None, kept, shows=_shows_section, sizes=SETTINGS),
    "backup-larger": State(_section, None, kept_larger, shows=_shows_section, sizes=SETTINGS),
    "backup-write": State(_write, None, kept, shows=settings_window, sizes=SETTINGS),
    "backup-written": State(_written, None, kept, shows=settings_window, sizes=SETTINGS),
    "backup-daily": State(_daily, None, kept, shows=settings_window, sizes=SETTINGS),
    "backup-wrong": State(_wrong, None, kept, shows=settings_window, sizes=SETTINGS),
    "backup-wrong-larger": State(_wrong, None, kept_larger, shows=settings_window, sizes=SETTINGS),
    "backup-delete": State(_delete, None, kept, shows=settings_window, sizes=SETTINGS),
}
