"""Failures to connect, put into sentences; and libraries that cannot be imported at the first try."""

import errno
import importlib
import os
import socket
import ssl
from types import ModuleType

import pytest

from mirador_desktop.engines import certificates, ollama_library
from mirador_desktop.engines.trouble import unreachable

ADDRESS = "https://box:11434"


def verification(code: int, message: str = "") -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return error


@pytest.mark.parametrize(
    ("cause", "trouble", "words"),
    [
        (verification(10), "certificate", "The certificate of https://box:11434 has expired."),
        (verification(9), "certificate", "is not valid yet (this computer's clock says"),
        (verification(62), "certificate", "is for another name than box"),
        (verification(18), "certificate", "is signed by itself"),
        (verification(20), "certificate", "by an authority that this computer does not know"),
        (verification(24, "invalid CA certificate"), "certificate", "is not trusted (invalid CA certificate)"),
        (ssl.SSLError(1, "wrong version number"), "certificate", "does not speak TLS"),
        (socket.gaierror(-2, "Name or service not known"), "name", "The name box is not known."),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "nothing", "Nothing answers at https://box:11434."),
        (TimeoutError(), "timeout", "https://box:11434"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "route", "There is no way from this computer to box."),
        (OSError(errno.EIO, "odd"), "nothing", "Nothing answers at https://box:11434."),
    ],
)
def test_every_cause_has_its_sentence(cause: Exception, trouble: str, words: str) -> None:
    wrapped = RuntimeError("the library's own words")
    wrapped.__cause__ = cause
    for error in (cause, wrapped):
        found = unreachable(ADDRESS, error)
        assert found.trouble == trouble
        assert words in str(found)
        assert "library's" not in str(found)


def test_another_certificate_than_the_accepted_one() -> None:
    assert "another certificate than the accepted one" in str(unreachable(ADDRESS, verification(18), accepted="PEM"))


@pytest.mark.parametrize("text", [None, "", "yesterday"])
def test_a_moment_that_is_none(text: str | None) -> None:
    assert certificates._moment(text) is None


@pytest.mark.parametrize("error", [OSError("no such certificate file"), ImportError("partially initialized module")])
def test_a_library_that_fails_once_is_imported_again(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str | None] = []

    def import_module(name: str) -> ModuleType:
        tries.append(os.environ.get("SSL_CERT_FILE"))
        if len(tries) == 1:
            raise error
        return ModuleType(name)

    monkeypatch.setattr(importlib, "import_module", import_module)
    monkeypatch.setenv("SSL_CERT_FILE", "/gone.pem")
    monkeypatch.setenv("no_proxy", "mine")
    assert ollama_library.import_ollama().__name__ == "ollama"
    assert tries == ["/gone.pem", None if isinstance(error, OSError) else "/gone.pem"]
    assert os.environ["no_proxy"] == "mine"
