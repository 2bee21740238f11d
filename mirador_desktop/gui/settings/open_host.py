"""The host that is open on the page: takes what its form says to the door, and shows what comes of it."""

from typing import Any

from PySide6.QtCore import QObject, Signal

from mirador_desktop.core.host import Certificate, HostKind
from mirador_desktop.gui.settings.host_form import HostForm
from mirador_desktop.gui.settings.host_row import HostRow
from mirador_desktop.gui.tasks import Tasks
from mirador_desktop.hosts import HostEntry, Hosts
from mirador_desktop.settings import HostSettings


class OpenHost(QObject):
    """One host while its form is shown.

    Attributes:
        place: of the host; one beyond the last is a host that is being entered.
        row: where it is shown.

    Signals:
        done: the form shall be closed.
        deleted: the host is gone, or was never one.
    """

    done = Signal()
    deleted = Signal()

    def __init__(self, hosts: Hosts, tasks: Tasks, row: HostRow, place: int) -> None:
        super().__init__(row)
        self._hosts, self._tasks = hosts, tasks
        self.row, self.place = row, place
        self._address = ""  # of the host as it was last shown
        self._changing = False
        self.form: HostForm = row.open()
        form = self.form
        form.clear_finding()
        form.kind_chosen.connect(self._choose_kind)
        form.named.connect(lambda name: self._change(name=name))
        form.address_typed.connect(self._typed)
        form.addressed.connect(self._addressed)
        form.token_entered.connect(self._enter_token)
        form.token_removed.connect(self._remove_token)
        form.ca_chosen.connect(lambda path: self._change(ca_file=path, certificate="", accepted=""))
        form.certificate_accepted.connect(self._accept)
        form.certificate_forgotten.connect(lambda: self._change(ca_file="", certificate="", accepted=""))
        form.test.connect(self._test)
        form.done.connect(self.done)
        form.deleted.connect(self._delete)
        if (entry := self._entry()) is not None:
            self._address = entry.settings.address
            self._tasks.start("host token", hosts.find_token(place))
        self.refresh()
        self._look_up_certificate()

    @property
    def new(self) -> bool:
        """Whether the host is not one yet: it has no address that can be used."""
        return self._entry() is None

    def refresh(self) -> bool:
        """Show the host as it is now; returns whether it still is the same one (somebody may edit the file)."""
        entry = self._entry()
        if entry is not None:
            if entry.settings.address != self._address and not self._changing and self._address:
                return False
            self._address = entry.settings.address
            self.form.show_entry(entry, entry.address, entry.problem)
            self.form.token.set_plain(self._plain(entry.address))
        elif self.form.address.text():
            self.form.show_entry(None, *self._meaning())
        else:
            self.form.show_entry(None, "", "")
        return True

    def close(self) -> None:
        """Take what stands in the fields, and take the form away."""
        self.form.commit()
        self._tasks.cancel("test host")
        self.row.close_form()
        self._tasks.start("host tokens", self._hosts.prune())

    # ── what the person does ───────────────────────────────────────────────────────────────────────────

    def _change(self, **changes: Any) -> None:
        """Change the host, where it is one already; what a test found does not hold any more."""
        entry = self._entry()
        if entry is None or all(getattr(entry.settings, name) == value for name, value in changes.items()):
            return
        self.form.clear_finding()
        self._changing = True
        self._hosts.change(self.place, **changes)
        self._changing = False
        self._look_up_certificate()

    def _choose_kind(self, kind: str) -> None:
        self.form.commit()
        self.form.kind.choose(kind)
        self._change(kind=kind)
        self.refresh()

    def _typed(self, text: str) -> None:
        base, problem = self._meaning() if text.strip() else ("", "")
        self.form.show_address(base, problem)
        self.form.token.set_plain(self._plain(base))

    def _addressed(self, text: str) -> None:
        """The address is complete: from now on the host is there, or somewhere else."""
        entry = self._entry()
        if entry is not None and text in (entry.settings.address, entry.shown_address) and not entry.problem:
            return
        _, problem = self._meaning()
        if problem:
            if text or entry is not None:
                self.form.show_address("", problem)
            return
        if entry is None:
            self.form.clear_finding()
            self._address = text
            self.place = self._hosts.add(HostSettings(text, self._kind, self.form.name.text().strip()))
        else:
            self._change(address=text)
        self._tasks.start("host token", self._hosts.find_token(self.place))

    def _enter_token(self, token: str) -> None:
        if self.new:  # a token belongs to an address: it waits for one
            self.form.token.field.setText(token)
            return
        self.form.clear_finding()
        # Under a name of its own: another host that is opened meanwhile must not cancel a slow keyring.
        self._tasks.start(f"keep token {self._address}", self._hosts.set_token(self.place, token))

    def _remove_token(self) -> None:
        self.form.clear_finding()
        self._tasks.start(f"keep token {self._address}", self._hosts.remove_token(self.place))

    def _accept(self, certificate: Certificate) -> None:
        self.form.clear_finding()
        self._hosts.accept_certificate(self.place, certificate)
        self._look_up_certificate()
        self._test()

    def _delete(self) -> None:
        new = self.new
        self.row.close_form()
        if not new:
            self._tasks.start("delete host", self._hosts.remove(self.place))
        self.deleted.emit()

    def _test(self) -> None:
        self.form.commit()
        entry = self._entry()
        if entry is None:
            self.form.show_address("", self._hosts.problem(self.form.address.text(), self._kind))
            self.form.address.setFocus()
            return
        self.form.show_testing(entry.shown_address)
        self._tasks.start("test host", self._find_out())

    async def _find_out(self) -> None:
        found = await self._hosts.test(self.place)
        if self.row.form is self.form:
            self.form.show_finding(found)
        self._hosts.look_again()

    def _look_up_certificate(self) -> None:
        entry = self._entry()
        if entry is not None and entry.settings.certificate:
            self._tasks.start("host certificate", self._show_fingerprint())

    async def _show_fingerprint(self) -> None:
        fingerprint = await self._hosts.fingerprint(self.place)
        if self.row.form is self.form:
            self.form.show_fingerprint(fingerprint)

    # ── inside ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def _kind(self) -> HostKind:
        return "openai" if self.form.kind.value() == "openai" else "ollama"

    def _entry(self) -> HostEntry | None:
        entries = self._hosts.entries()
        return entries[self.place] if self.place < len(entries) else None

    def _meaning(self) -> tuple[str, str]:
        """What the address in the form means, and what is wrong with it."""
        text = self.form.address.text().strip()
        problem = self._hosts.problem(text, self._kind, self.place)
        return ("" if problem else self._hosts.base_address(text, self._kind)), problem

    def _plain(self, base: str) -> bool:
        return base.startswith("http://") and not self._hosts.is_this_computer(base)
