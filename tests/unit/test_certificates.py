"""TLS: whom a host's client trusts, what it says of what it does not trust, and that nothing is sent then."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mirador_desktop.core.engine import EngineState
from mirador_desktop.core.host import Access, Finding, HostKind
from mirador_desktop.engines import certificates
from mirador_desktop.engines.host_factory import HostFactory
from mirador_desktop.errors import EngineUnreachable
from tests.ollama_sim.client import Sim
from tests.ollama_sim.scenarios import ONE_MODEL
from tests.unit.tls import Authority, certificate_in, signed_by, signed_by_itself

FACTORY = HostFactory(lambda: 8192)
KINDS: tuple[HostKind, ...] = ("ollama", "openai")


async def secret() -> str:
    return "very-secret"


def look(access: Access) -> EngineState:
    async def main() -> EngineState:
        engine = FACTORY.make("host", access, secret)
        try:
            return await engine.look()
        finally:
            await engine.close()

    return asyncio.run(main())


def examine(access: Access) -> Finding:
    return asyncio.run(FACTORY.test(access, secret))


def access(kind: HostKind, sim: Sim, host: str = "localhost", **more: str) -> Access:
    return Access(kind, FACTORY.base_address(f"https://{host}:{sim.port}", kind), **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return Authority(folder)


@pytest.fixture(scope="module")
def signed(authority: Authority) -> Iterator[Sim]:
    """A host with a certificate of the authority, for the name localhost, that wants the token."""
    with Sim({**ONE_MODEL, "server": {"token": "very-secret"}}, certificate=authority.sign("localhost")) as sim:
        yield sim


@pytest.fixture(scope="module")
def itself(folder: Path) -> Iterator[Sim]:
    """A host whose certificate is signed by itself, and could sign others."""
    with Sim(ONE_MODEL, certificate=signed_by_itself(folder, "workstation", may_sign=True)) as sim:
        yield sim


@pytest.mark.parametrize("kind", KINDS)
def test_an_own_authority_is_trusted_where_its_file_is_given(
    kind: HostKind, signed: Sim, authority: Authority
) -> None:
    state = look(access(kind, signed, ca_file=str(authority.file)))
    assert state.reachable, state.error
    assert len(state.models) == 1
    found = examine(access(kind, signed, ca_file=str(authority.file)))
    assert found.good
    assert "The token is accepted." in found.words


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_sent_to_a_host_that_is_not_trusted(kind: HostKind, signed: Sim, itself: Sim) -> None:
    before = len(signed.requests()), len(itself.requests())
    state = look(access(kind, signed))
    assert (state.reachable, state.trouble) == (False, "certificate")
    assert state.error.endswith("is signed by an authority that this computer does not know.")
    state = look(access(kind, itself))
    assert state.error.endswith("is signed by itself.")
    found = examine(access(kind, itself))
    assert not found.good
    assert "is signed by itself" in found.words
    assert found.certificate is not None
    assert found.certificate.signed_by_itself
    assert found.certificate.subject == "workstation"
    assert found.certificate.ends is not None
    assert len(found.certificate.fingerprint) == 95
    assert (len(signed.requests()), len(itself.requests())) == before


def test_another_name_and_an_expired_certificate(authority: Authority, folder: Path) -> None:
    other = authority.sign("elsewhere.example")
    with Sim(ONE_MODEL, certificate=other) as sim:
        found = examine(access("ollama", sim, ca_file=str(authority.file)))
        assert found.words.endswith("is for another name than localhost.")
        assert found.certificate is not None
        assert not found.certificate.signed_by_itself
    old = authority.sign("localhost", ends=datetime(2020, 1, 1, tzinfo=UTC))
    with Sim(ONE_MODEL, certificate=old) as sim:
        found = examine(access("ollama", sim, ca_file=str(authority.file)))
        assert found.words.endswith("has expired.")
        assert found.certificate is not None
        assert found.certificate.ends == datetime(2020, 1, 1, tzinfo=UTC).timestamp()
        accepted = access("ollama", sim, certificate=found.certificate.pem)
        assert look(accepted).reachable, "whoever accepts it has seen its dates"


@pytest.mark.parametrize("kind", KINDS)
def test_an_accepted_certificate_is_the_only_one(kind: HostKind, itself: Sim, folder: Path) -> None:
    mine = folder / "workstation-itself.pem"
    accepted = access(kind, itself, host="127.0.0.1", certificate=certificate_in(mine))
    assert look(accepted).reachable
    assert examine(accepted).good
    for name, path in {
        "signed by the accepted one": signed_by(folder, mine, "another"),
        "of the same name": signed_by_itself(folder, "workstation-two"),
    }.items():
        with Sim(ONE_MODEL, certificate=path) as other:
            wrong = access(kind, other, host="127.0.0.1", certificate=certificate_in(mine))
            state = look(wrong)
            assert state.trouble == "certificate", name
            for pem in (certificate_in(mine), certificate_in(path)):
                assert certificates.fingerprint_of(pem) in state.error
            assert state.error.endswith("Nothing was sent.")
            found = examine(wrong)
            assert "not the certificate that was accepted" in found.words
            assert found.certificate is not None
            assert found.certificate.fingerprint in found.advice
            assert other.requests() == [], name


def test_files_that_are_no_authority(signed: Sim, tmp_path: Path) -> None:
    empty, folder = tmp_path / "empty.pem", tmp_path / "folder"
    empty.write_text("nothing")
    folder.mkdir()
    for path, words in ((tmp_path / "none.pem", "is not there"), (empty, "holds no certificate"), (folder, "")):
        state = look(access("ollama", signed, ca_file=str(path)))
        assert state.trouble == "certificate"
        assert words in state.error
        assert str(path) in state.error
        found = examine(access("openai", signed, ca_file=str(path)))
        assert (found.good, found.words) == (False, state.error)
    state = look(access("ollama", signed, certificate="nonsense"))
    assert "cannot be read" in state.error
    assert certificates.fingerprint_of("nonsense") == ""
    assert asyncio.run(FACTORY.fingerprint("nonsense")) == ""


def test_https_to_a_host_without_tls_and_the_other_way_round(itself: Sim) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
        writer.close()

    async def main() -> None:
        plain = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = plain.sockets[0].getsockname()[1]
        for kind in KINDS:
            address = FACTORY.base_address(f"https://127.0.0.1:{port}", kind)
            engine = FACTORY.make("host", Access(kind, address), secret)
            state = await engine.look()
            await engine.close()
            assert "does not speak TLS" in state.error
            found = await FACTORY.test(Access(kind, address), secret)
            assert (found.good, found.certificate) == (False, None)
            assert "Try http:// instead." in found.words
        with pytest.raises(EngineUnreachable):
            await FACTORY.certificate(f"https://localhost:{port}")
        plain.close()

    asyncio.run(main())
    found = examine(Access("ollama", f"http://localhost:{itself.port}"))
    assert not found.good


def test_the_systems_authorities_are_trusted_by_default() -> None:
    made = certificates.context()
    assert made.check_hostname
    assert made.get_ca_certs()
