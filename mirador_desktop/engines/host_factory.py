"""Makes engines of hosts: the one place that knows which class belongs to which kind."""

import asyncio
from collections.abc import Callable

from mirador_desktop.core.engine import Engine
from mirador_desktop.core.host import Access, Certificate, Finding, GiveToken, HostKind
from mirador_desktop.engines import certificates
from mirador_desktop.engines.address import address_problem, host_url, is_this_computer, openai_url
from mirador_desktop.engines.options import OptionsOf, no_options


class HostFactory:
    """See `core.host.HostMaker`.

    Args:
        num_ctx: gives the window in tokens that models are run with.
        options_of: how single models are run; see `Ollama`.
    """

    def __init__(self, num_ctx: Callable[[], int], options_of: OptionsOf = no_options) -> None:
        self._num_ctx, self._options_of = num_ctx, options_of

    def problem(self, text: str, kind: HostKind) -> str:
        """See `HostMaker.problem`."""
        return address_problem(text)

    def base_address(self, text: str, kind: HostKind) -> str:
        """See `HostMaker.base_address`."""
        return host_url(text) if kind == "ollama" else openai_url(text)

    def is_this_computer(self, address: str) -> bool:
        """See `HostMaker.is_this_computer`."""
        return is_this_computer(address)

    def make(self, name: str, access: Access, token: GiveToken) -> Engine:
        """See `HostMaker.make`. The libraries behind the engines are imported when they are first used."""
        if access.kind == "openai":
            from mirador_desktop.engines.openai_compatible import OpenAICompatible

            return OpenAICompatible(name, access, token)
        from mirador_desktop.engines.ollama import Ollama

        return Ollama(
            name, access.address, num_ctx=self._num_ctx(), access=access, token=token, options_of=self._options_of
        )

    async def test(self, access: Access, token: GiveToken) -> Finding:
        """See `HostMaker.test`."""
        from mirador_desktop.engines.probe import probe

        return await probe(access, token)

    async def certificate(self, address: str) -> Certificate:
        """See `HostMaker.certificate`."""
        return await certificates.fetch(address)

    async def fingerprint(self, pem: str) -> str:
        """See `HostMaker.fingerprint`."""
        return await asyncio.to_thread(certificates.fingerprint_of, pem)
