"""The page Hosts: what it shows of each host, and that what the person does there takes effect."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path

import keyring.core
import pytest
from keyring.backends.fail import Keyring as NoKeyring
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mirador_desktop.gui.settings.hosts_page import HostsPage
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.settings import HostSettings, Settings
from tests.driving import part, until
from tests.gui.test_turn_live import delete_now, the_theme
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import ONE_MODEL
from tests.unit.test_hosts import Bench
from tests.unit.tls import certificate_in, signed_by_itself

SECRET = "a-token-that-is-secret"


class Shown:
    """The page over real hosts."""

    def __init__(self, bench: Bench, qtbot: QtBot) -> None:
        delete_now()
        self.bench, self.errors = bench, list[str]()
        self.tasks = Tasks(self.errors.append)
        self.page = HostsPage(the_theme(), bench.hosts, self.tasks)
        qtbot.addWidget(self.page)
        self.page.resize(900, 760)
        self.page.show()
        self.page.shown()

    @property
    def settings(self) -> tuple[HostSettings, ...]:
        return self.bench.preferences.current.hosts

    def open(self, place: int) -> None:
        QTest.keyClick(self.page._rows[place].header, Qt.Key.Key_Return)

    def said(self, name: str = "") -> str:
        """What a label of the open form says, or all of the test's result."""
        return (
            part(self.page, QWidget, "testResult").accessibleName()
            if not name
            else part(self.page, QLabel, name).text()
        )

    def press(self, name: str) -> None:
        part(self.page, QPushButton, name).click()

    def enter(self, name: str, text: str) -> None:
        field = part(self.page, QLineEdit, name)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)

    async def test(self) -> str:
        self.press("testHost")
        await until(lambda: part(self.page, QPushButton, "testHost").text() == "Test again", "the finding")
        return self.said()


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyring.core, "_keyring_backend", NoKeyring())  # type: ignore[no-untyped-call]


@pytest.fixture(scope="module")
def sim() -> Iterator[Sim]:
    with Sim(ONE_MODEL) as running:
        yield running


Work = Callable[[Shown], Coroutine[None, None, None]]


def run(folder: Path, qtbot: QtBot, work: Work, *hosts: HostSettings, **environment: str) -> None:
    async def main() -> None:
        bench = Bench(folder, *hosts, **environment)
        shown = Shown(bench, qtbot)
        try:
            await bench.registry.look()
            await work(shown)
            assert shown.errors == []
        finally:
            shown.page.left()
            await shown.tasks.close(5)
            await bench.close()

    asyncio.run(main())


def test_every_host_shows_its_state(tmp_path: Path, qtbot: QtBot, sim: Sim) -> None:
    async def work(shown: Shown) -> None:
        page, registry = shown.page, shown.bench.registry
        rows = [row.header.accessibleName() for row in page._rows]
        assert rows[0].startswith(f"This computer, Ollama 0.24.0, 127.0.0.1:{sim.port}, ")
        assert rows[0].endswith(" ms, 1 model, 0 in memory")
        assert rows[1] == "Dead, OpenAI-compatible, 127.0.0.1:1/v1, no answer"
        assert rows[2] == "Off, Ollama, 10.0.0.1:11434, off"
        trouble = [part(row, QLabel, "hostTrouble").text() for row in page._rows]
        assert trouble[0] == trouble[2] == ""
        assert trouble[1].startswith("Nothing listens there since ")
        assert page.badge() == "struck"
        told: list[str] = []
        page.badge_changed.connect(lambda: told.append(page.badge()))
        shown.page._rows[1].header.switch.click()
        assert (told, [h.on for h in shown.settings]) == ([""], [True, False, False])
        assert registry.engines == registry.engines[:1]

    run(
        tmp_path, qtbot, work,
        HostSettings(sim.url),
        HostSettings("127.0.0.1:1", "openai", "Dead"),
        HostSettings("10.0.0.1", name="Off", on=False),
    )  # fmt: skip


def test_a_host_is_added_tested_and_used(tmp_path: Path, qtbot: QtBot, sim: Sim) -> None:
    async def work(shown: Shown) -> None:
        shown.press("addHost")
        assert len(shown.page._rows) == 2
        shown.press("testHost")
        assert shown.said("hostHint").startswith("Enter an address")
        shown.enter("hostUrl", "user:pass@10.0.0.1")
        assert shown.said("hostHint").startswith("Leave the user name and the password out")
        assert len(shown.settings) == 1, "it is kept nowhere"
        shown.enter("hostUrl", "http://10.0.0.1:9")
        shown.enter("hostUrl", sim.url)
        assert list(shown.settings[1:]) == [HostSettings(sim.url)]
        shown.enter("hostName", "Mine")
        assert [host.name for host in shown.settings] == ["Other", "Mine"]
        assert (await shown.test()).startswith("Ollama 0.24.0 answers in ")
        await shown.bench.registry.look()
        shown.press("hostDone")
        assert shown.page._rows[1].form is None
        assert "1 model, 0 in memory" in shown.page._rows[1].header.accessibleName()
        shown.press("addHost")
        shown.press("hostDone")
        assert len(shown.page._rows) == 2, "an empty one is none"
        shown.press("addHost")
        part(shown.page, QLineEdit, "hostUrl").setText("10.0.0.9")
        part(shown.page, QLineEdit, "hostUrl").setModified(True)
        shown.press("deleteHost")
        assert len(shown.settings) == 2, "discarded"

    run(tmp_path, qtbot, work, HostSettings("127.0.0.1:1", name="Other"))


def test_the_host_nobody_entered_can_be_changed_but_not_deleted(tmp_path: Path, qtbot: QtBot, sim: Sim) -> None:
    async def work(shown: Shown) -> None:
        shown.open(0)
        assert part(shown.page, QPushButton, "deleteHost").isHidden()
        assert part(shown.page, QLineEdit, "hostUrl").text() == f"127.0.0.1:{sim.port}"
        shown.enter("hostName", "Mine")
        assert list(shown.settings) == [HostSettings(f"127.0.0.1:{sim.port}", name="Mine")]
        assert not part(shown.page, QPushButton, "deleteHost").isHidden()

    run(tmp_path, qtbot, work, OLLAMA_HOST=sim.url)


def test_deleting_asks_once_in_its_place(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        shown.open(0)
        shown.press("deleteHost")
        keep = part(shown.page, QPushButton, "keepHost")
        assert not keep.isHidden()
        keep.click()
        assert len(shown.settings) == 2
        shown.press("deleteHost")
        shown.press("reallyDelete")
        await until(lambda: len(shown.settings) == 1, "the deletion")
        assert shown.settings[0].name == "Two"
        assert len(shown.page._rows) == 1

    run(tmp_path, qtbot, work, HostSettings("127.0.0.1:1", name="One"), HostSettings("127.0.0.1:2", name="Two"))


def test_a_token_is_masked_kept_and_removed(tmp_path: Path, qtbot: QtBot) -> None:
    with Sim({**ONE_MODEL, "server": {"token": SECRET}}) as sim:

        async def work(shown: Shown) -> None:
            shown.open(0)
            assert "It asks for a token (401)." in await shown.test()
            token = part(shown.page, QLineEdit, "hostToken")
            assert token.echoMode() == QLineEdit.EchoMode.Password
            shown.enter("hostToken", "two words")
            assert any("no spaces" in w.text() for w in shown.page.findChildren(QLabel))
            shown.enter("hostToken", f"Bearer {SECRET}")
            assert token.text() == ""
            await until(lambda: not part(shown.page, QPushButton, "removeToken").isHidden(), "the token")
            assert token.accessibleDescription() == "for this run only"
            assert "The token is accepted." in await shown.test()
            assert part(shown.page, QLabel, "plainHttp").isHidden(), "this computer"
            assert SECRET not in "".join(w.text() for w in shown.page.findChildren(QLabel))
            shown.press("removeToken")
            await until(lambda: part(shown.page, QPushButton, "removeToken").isHidden(), "its end")
            assert "It asks for a token (401)." in await shown.test()

        run(tmp_path, qtbot, work, HostSettings(sim.url))


def test_plain_http_to_another_machine_gets_a_warning(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        shown.open(0)
        warning = part(shown.page, QLabel, "plainHttp")
        assert warning.isHidden()
        QTest.keyClicks(part(shown.page, QLineEdit, "hostToken"), "x")
        assert not warning.isHidden()
        shown.enter("hostUrl", "https://192.0.2.1:9")
        assert warning.isHidden()

    run(tmp_path, qtbot, work, HostSettings("http://192.0.2.1:9", on=False))


def test_a_certificate_is_shown_accepted_and_forgotten(tmp_path: Path, qtbot: QtBot) -> None:
    path = signed_by_itself(tmp_path, "workstation")
    with Sim(ONE_MODEL, certificate=path) as sim:

        async def work(shown: Shown) -> None:
            shown.open(0)
            assert "is signed by itself" in await shown.test()
            details = [
                w.text() for w in shown.page.findChildren(QLabel) if "For workstation, signed by itself" in w.text()
            ]
            assert "SHA-256" in details[0]
            shown.press("acceptCertificate")
            await until(lambda: part(shown.page, QPushButton, "testHost").text() == "Test again", "the second test")
            assert shown.said().startswith("Ollama 0.24.0 answers")
            assert shown.settings[0].certificate == certificate_in(path)
            said = [w.text() for w in shown.page.findChildren(QLabel)]
            assert any(text.startswith("Accepted by you on ") for text in said)
            await until(lambda: any(w.text().startswith("SHA-256 ") and "…" in w.text()
                                    for w in shown.page.findChildren(QLabel)), "the fingerprint")  # fmt: skip
            shown.press("forgetCertificate")
            assert shown.settings[0].certificate == shown.settings[0].accepted == ""
            shown.press("chooseCaFile")
            dialog = part(shown.page, QFileDialog, "caFileDialog")
            dialog.fileSelected.emit(str(path))
            assert shown.settings[0].ca_file == str(path)
            dialog.close()

        run(tmp_path, qtbot, work, HostSettings(f"https://127.0.0.1:{sim.port}"))


def test_the_kind_that_suits_is_offered(tmp_path: Path, qtbot: QtBot) -> None:
    with Sim({**ONE_MODEL, "server": {"only_openai": True}}) as sim:

        async def work(shown: Shown) -> None:
            shown.open(0)
            assert "This is not Ollama but an OpenAI-compatible server." in await shown.test()
            shown.press("useBetterKind")
            assert shown.settings[0].kind == "openai"
            assert (await shown.test()).startswith("An OpenAI-compatible server answers")

        run(tmp_path, qtbot, work, HostSettings(sim.url))


def test_the_order_changes_by_keys_and_by_dragging(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        page = shown.page

        def names() -> list[str]:
            return [host.name for host in shown.settings]

        QTest.keyClick(page._rows[0].header, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
        assert names() == ["Two", "One", "Three"]
        QTest.keyClick(page._rows[1].header, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
        QTest.keyClick(page._rows[0].header, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
        assert names() == ["One", "Two", "Three"]
        QApplication.processEvents()
        header = page._rows[0].header
        grip = QPoint(16, header.height() // 2)
        below = header.mapFromGlobal(page._rows[2].mapToGlobal(QPoint(16, page._rows[2].height() - 2)))
        QTest.mousePress(header, Qt.MouseButton.LeftButton, pos=grip)
        QTest.mouseMove(header, below)
        header.dragged.emit(header.mapToGlobal(below).y())
        QTest.mouseRelease(header, Qt.MouseButton.LeftButton, pos=below)
        assert names() == ["Two", "Three", "One"]
        assert [row.entry.name for row in page._rows if row.entry is not None] == ["Two", "Three", "One"]
        assert [page._column.indexOf(row) for row in page._rows] == [0, 1, 2]
        assert all(row.form is None for row in page._rows)

    hosts = [HostSettings(f"127.0.0.1:{i}", name=name) for i, name in enumerate(("One", "Two", "Three"), start=1)]
    run(tmp_path, qtbot, work, *hosts)


def test_what_somebody_writes_into_the_file_is_shown(tmp_path: Path, qtbot: QtBot) -> None:
    async def work(shown: Shown) -> None:
        shown.open(1)
        preferences = shown.bench.preferences
        preferences.take(Settings(hosts=(HostSettings("127.0.0.1:5", name="New"),)))
        assert [row.entry.name for row in shown.page._rows if row.entry is not None] == ["New"]
        shown.open(0)
        preferences.take(
            Settings(hosts=(HostSettings("https://user:secret@x", name="Bad"), *preferences.current.hosts))
        )
        assert shown.page._rows[0].form is None, "another host stands there now"
        shown.open(0)
        assert part(shown.page, QLineEdit, "hostUrl").text() == "https://x"
        await asyncio.sleep(0)

    run(tmp_path, qtbot, work, HostSettings("127.0.0.1:1"), HostSettings("127.0.0.1:2", name="Two"))


def test_everything_has_a_name_and_is_reached_by_keys(tmp_path: Path, qtbot: QtBot, sim: Sim) -> None:
    async def work(shown: Shown) -> None:
        shown.open(0)
        page = shown.page
        assert [entry.label for entry in page.entries] == ["Add host", "Hosts"]
        for widget in page.findChildren(QWidget):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisibleTo(page):
                assert widget.accessibleName() or (isinstance(widget, QPushButton) and widget.text()), widget
        page.restyle()

    run(tmp_path, qtbot, work, HostSettings(sim.url))
