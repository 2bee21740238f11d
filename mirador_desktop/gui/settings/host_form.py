"""The form of a host: kind, name, address, token, certificate, and what a test of it found."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from mirador_desktop.core.host import Certificate, Finding, HostKind
from mirador_desktop.gui import icons
from mirador_desktop.gui.settings import host_words as words
from mirador_desktop.gui.settings.host_header import EDGE, TEXT
from mirador_desktop.gui.settings.host_token import TokenField
from mirador_desktop.gui.settings.widgets import Field, Segments, button, form_row, label
from mirador_desktop.gui.theme import Theme
from mirador_desktop.hosts import HostEntry

FLAT = 8
"""Between the words of a flat button and its edge, px at 100 %: the form is wider by it, so the words end in line."""
_DELETE_ON_CLOSE = Qt.WidgetAttribute.WA_DeleteOnClose


class HostForm(QWidget):
    """The fields of one host. Whatever the person does is told at once; the page keeps it.

    Signals:
        kind_chosen, named, addressed: with what was entered.
        address_typed: the address while it is being typed.
        token_entered, token_removed: the token; it is not kept here.
        ca_chosen: the name of a CA file, "" for the system's authorities.
        certificate_accepted, certificate_forgotten: of the certificate a test has shown, or that was accepted.
        test, done, deleted: a button was pressed.
    """

    kind_chosen = Signal(str)
    named = Signal(str)
    address_typed = Signal(str)
    addressed = Signal(str)
    token_entered = Signal(str)
    token_removed = Signal()
    ca_chosen = Signal(str)
    certificate_accepted = Signal(object)
    certificate_forgotten = Signal()
    test = Signal()
    done = Signal()
    deleted = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: Certificate | None = None
        self._better: HostKind | str = ""
        self._good = False
        self.kind = Segments(theme, "Kind", tuple(words.KINDS.items()))
        self.kind.chosen.connect(self.kind_chosen)
        self.name = Field(theme, "Name", "Made from the address")
        self.name.setObjectName("hostName")
        self.name.left.connect(lambda text: self.named.emit(text.strip()))
        self.address = Field(theme, "Address", "192.168.1.20 or https://llm.example.org", fixed=True)
        self.address.setObjectName("hostUrl")
        self.address.textEdited.connect(self.address_typed)
        self.address.left.connect(lambda text: self.addressed.emit(text.strip()))
        self.hint = label("", "small", wraps=True)
        self.hint.setObjectName("hostHint")
        self.token = TokenField(theme)
        self.token.entered.connect(self.token_entered)
        self.token.removed.connect(self.token_removed)
        address = QWidget()
        below = QVBoxLayout(address)
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(4)
        below.addWidget(self.address)
        below.addWidget(self.hint)
        address.setFocusProxy(self.address)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.px(EDGE + TEXT), theme.px(4), theme.px(EDGE - FLAT), theme.px(14))
        column.setSpacing(theme.px(8))
        self._certificate = form_row(theme, "Certificate", self._make_certificate())
        for row in (
            form_row(theme, "Kind", at_the_left(self.kind)),
            form_row(theme, "Name", self.name),
            form_row(theme, "Address", address),
        ):
            row.setContentsMargins(0, 0, theme.px(FLAT), 0)
            column.addWidget(row)
        column.addWidget(form_row(theme, "Token", self.token))
        column.addWidget(self._certificate)
        inset = QVBoxLayout()
        inset.setContentsMargins(theme.px(104), 0, 0, 0)
        inset.setSpacing(theme.px(8))
        self._make_result(inset)
        self._make_buttons(inset)
        column.addLayout(inset)

    def _make_certificate(self) -> QWidget:
        theme, area = self._theme, QWidget()
        row = QHBoxLayout(area)
        row.setContentsMargins(0, theme.px(4), 0, 0)
        row.setSpacing(theme.px(6))
        said = QVBoxLayout()
        said.setSpacing(2)
        self.certificate = label("", wraps=True)
        self.fingerprint = label("", "meta")
        self.fingerprint.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        said.addWidget(self.certificate)
        said.addWidget(self.fingerprint)
        row.addLayout(said, 1)
        self.forget = button(theme, "Forget", self.certificate_forgotten.emit, "flat", "forgetCertificate", 30)
        self.choose_ca = button(theme, "Use a CA file", self._choose_ca, "flat", "chooseCaFile", 30)
        for each in (self.forget, self.choose_ca):
            row.addWidget(each, 0, Qt.AlignmentFlag.AlignTop)
        return area

    def _make_result(self, column: QVBoxLayout) -> None:
        theme = self._theme
        self.result = QWidget()
        self.result.setObjectName("testResult")
        across = QHBoxLayout(self.result)
        across.setContentsMargins(0, theme.px(4), theme.px(FLAT), theme.px(4))
        across.setSpacing(theme.px(10))
        self._icon = QLabel()
        across.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        said = QVBoxLayout()
        said.setSpacing(4)
        self.words, self.advice = label("", wraps=True), label("", "muted", wraps=True)
        self.details = label("", "meta", wraps=True)
        self.details.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.accept = button(self._theme, "Accept this certificate", self._accept, name="acceptCertificate")
        self.better = button(self._theme, "", lambda: self.kind_chosen.emit(self._better), name="useBetterKind")
        for each in (self.words, self.advice, self.details):
            said.addWidget(each)
        for made in (self.accept, self.better):
            said.addWidget(made, 0, Qt.AlignmentFlag.AlignLeft)
        across.addLayout(said, 1)
        column.addWidget(self.result)

    def _make_buttons(self, column: QVBoxLayout) -> None:
        theme, self._buttons, self._sure = self._theme, QWidget(), QWidget()
        row, sure = QHBoxLayout(self._buttons), QHBoxLayout(self._sure)
        for each in (row, sure):
            each.setContentsMargins(0, 0, 0, 0)
            each.setSpacing(theme.px(10))
        self.test_button = button(theme, "Test", self.test.emit, name="testHost")
        self.delete = button(theme, "Delete host", self._ask, "danger", "deleteHost")
        row.addWidget(self.test_button)
        row.addWidget(button(theme, "Done", self.done.emit, "flat", "hostDone"))
        row.addStretch()
        row.addWidget(self.delete)
        self._question = label("", wraps=True)
        self.keep = button(theme, "Keep it", self._keep, "flat", "keepHost")
        sure.addWidget(self._question, 1)
        sure.addWidget(self.keep)
        sure.addWidget(button(theme, "Delete", self.deleted.emit, "danger", "reallyDelete"))
        self._sure.hide()
        column.addWidget(self._buttons)
        column.addWidget(self._sure)

    # ── what is shown ──────────────────────────────────────────────────────────────────────────────────

    def show_entry(self, entry: HostEntry | None, base: str, problem: str) -> None:
        """Show a host (None: one that is being entered), what its address means, and what is wrong with that."""
        host = entry.settings if entry is not None else None
        if host is not None and entry is not None:
            self.kind.choose(host.kind)
            if not (self.name.hasFocus() and self.name.isModified()):
                self.name.setText(host.name)
            self.name.setPlaceholderText(words.shown_name(entry))
            if not (self.address.hasFocus() and self.address.isModified()):
                # A password that somebody wrote into the settings is not shown.
                self.address.setText(entry.shown_address if "@" in host.address or not entry.given else host.address)
            self.token.show_place(entry.token)
            self.token.show_unsafe(entry.unsafe)
            has = " and its token" if entry.token in ("keyring", "run") else ""
            self._question.setText(
                f"Delete {words.shown_name(entry)}{has} from Mirador? Nothing changes on the host."
            )
        elif not self.kind.value():
            self.kind.choose("ollama")
        self.delete.setVisible(entry is None or entry.given)
        self.delete.setText("Delete host" if entry is not None else "Discard")
        self.show_address(base, problem)
        secure = base.startswith("https://")
        self._certificate.setVisible(secure)
        if host is not None and secure:
            self.forget.setVisible(bool(host.certificate or host.ca_file))
            self.forget.setText("Forget" if host.certificate else "Use the system's")
            self.choose_ca.setText("Choose another" if host.ca_file else "Use a CA file")
            self.fingerprint.setVisible(bool(host.certificate))
            if host.certificate:
                self.certificate.setText(f"{words.accepted_on(host.accepted)}. No other is trusted.")
            elif host.ca_file:
                self.certificate.setText(f"Signed by the authority in {host.ca_file}")
            else:
                self.certificate.setText("Has to be signed by an authority that this computer knows")

    def show_address(self, base: str, problem: str) -> None:
        """Say what an address means, or what is wrong with it."""
        said = problem
        if not said and base and base.removesuffix("/") != self.address.text().strip().removesuffix("/"):
            said = f"Asks {base}"
        self.address.set_wrong(problem)
        kind = "error" if problem else "small"
        if self.hint.property("kind") != kind:
            self.hint.setProperty("kind", kind)
            self.hint.style().unpolish(self.hint)
            self.hint.style().polish(self.hint)
        self.hint.setText(said)
        self.hint.setVisible(bool(said))

    def show_fingerprint(self, fingerprint: str) -> None:
        """Show the fingerprint of the accepted certificate."""
        self.fingerprint.setText(words.short_fingerprint(fingerprint))
        self.fingerprint.setToolTip(fingerprint)

    def show_testing(self, address: str) -> None:
        """A test runs."""
        self._show("", f"Asking {address}…", "")
        self.test_button.setEnabled(False)
        self.test_button.setText("Testing…")

    def show_finding(self, found: Finding) -> None:
        """Show what a test found."""
        self.test_button.setEnabled(True)
        self.test_button.setText("Test again")
        self._show("check" if found.good else "warning", found.words, found.advice)
        self._good, self._shown, self._better = found.good, found.certificate, found.better_kind
        if found.certificate is not None:
            self.details.setText(words.certificate_lines(found.certificate))
        self.details.setVisible(found.certificate is not None)
        self.accept.setVisible(found.certificate is not None)
        self.better.setVisible(bool(found.better_kind))
        self.better.setText(f"Use the kind {words.KINDS.get(found.better_kind, '')}")

    def clear_finding(self) -> None:
        """What a test found does not hold any more: something has changed since."""
        self._shown = None
        self.test_button.setEnabled(True)
        self.test_button.setText("Test")
        self.result.hide()
        self._keep()

    def restyle(self) -> None:
        """Colours have changed."""
        self.token.restyle()
        if not self._icon.pixmap().isNull():
            self._show_icon("check" if self._good else "warning")

    def _show(self, icon: str, said: str, advice: str) -> None:
        self._show_icon(icon)
        self.words.setText(said)
        self.advice.setText(advice)
        self.advice.setVisible(bool(advice))
        self.result.setAccessibleName(f"{said} {advice}".strip())
        for each in (self.details, self.accept, self.better):
            each.hide()
        self.result.show()

    def _show_icon(self, icon: str) -> None:
        side, c = self._theme.px(16), self._theme.colours
        colour = c.healthy if icon == "check" else c.warning
        self._icon.setFixedSize(QSize(side, side + self._theme.px(2)))
        if icon:
            self._icon.setPixmap(icons.icon(icon, colour, side).pixmap(QSize(side, side), 2.0))
        else:
            self._icon.clear()

    # ── what the person does ───────────────────────────────────────────────────────────────────────────

    def commit(self) -> None:
        """Take what stands in the fields, also where the focus has not left them."""
        for field in (self.name, self.address):
            if field.isModified():
                field.setModified(False)
                field.left.emit(field.text())
        self.token.commit()

    def _accept(self) -> None:
        if self._shown is not None:
            self.certificate_accepted.emit(self._shown)

    def _choose_ca(self) -> None:
        dialog = QFileDialog(self, "CA file", "", "Certificates (*.pem *.crt *.cer);;All files (*)")
        dialog.setObjectName("caFileDialog")
        dialog.setAttribute(_DELETE_ON_CLOSE)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.ca_chosen)
        dialog.open()

    def _ask(self) -> None:
        if self.delete.text() == "Discard":
            self.deleted.emit()
            return
        self._buttons.hide()
        self._sure.show()
        self.keep.setFocus()

    def _keep(self) -> None:
        self._sure.hide()
        self._buttons.show()


def at_the_left(widget: QWidget) -> QWidget:
    """A widget that stays as wide as it is, with room at its right."""
    area = QWidget()
    row = QHBoxLayout(area)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(widget)
    row.addStretch()
    area.setFocusProxy(widget)
    return area
