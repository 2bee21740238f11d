"""A test of one host: what answers there, or what is wrong, in words."""

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mirador_desktop.core.host import Access, Certificate, Finding, GiveToken
from mirador_desktop.engines import certificates
from mirador_desktop.engines import openai_wire as wire
from mirador_desktop.engines.access import CONNECT_SECONDS, Bearer, client_options, no_token
from mirador_desktop.engines.address import openai_url
from mirador_desktop.engines.ollama_library import import_ollama
from mirador_desktop.engines.ollama_wire import entries_of, mapping
from mirador_desktop.engines.trouble import late, unreachable
from mirador_desktop.errors import EngineUnreachable

if TYPE_CHECKING:
    import httpx

MOST_BYTES = 2_000_000
"""How much of an answer is read: a list of models is far shorter."""

CHAT_SINCE, CAPABILITIES_SINCE, LOGPROBS_SINCE = (0, 1, 14), (0, 6, 4), (0, 12, 11)
"""Versions of Ollama that brought answers in turns, the abilities of models, and log-probabilities."""

_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_ADVICE = {
    "nothing": "Start it there, or correct the address. A firewall can look the same.",
    "name": "Check the spelling. Away from its network a name can be unknown; its number may work.",
    "route": "Check the network connection or the VPN.",
    "timeout": "Check the address, and whether a firewall stands between.",
    "certificate": "If the certificate below is the one of your server, accept it, or use the file of its authority.",
}


@dataclass(slots=True)
class _Answer:
    """One answer of the host."""

    status: int
    headers: "httpx.Headers"
    text: str
    seconds: float
    value: Any = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.value = json.loads(self.text)
        except (ValueError, RecursionError):
            self.value = None

    @property
    def denied(self) -> bool:
        return self.status in (401, 403)

    @property
    def version(self) -> str:
        """Of the Ollama that gave this answer, "" if it was none."""
        version = mapping(self.value).get("version")
        return _short(version) if self.status == 200 and isinstance(version, str) else ""


class _Probe:
    def __init__(self, access: Access, token: GiveToken) -> None:
        self.access, self._token = access, token
        parts = urlsplit(access.address)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.bearer = Bearer(access.address, token)

    async def get(self, address: str, signed: bool = True) -> _Answer:
        """GET with a time limit for everything, and a limit of what is read."""
        import httpx

        options = await client_options(self.access, self.bearer if signed else Bearer(address, no_token))
        begun = time.monotonic()
        async with (
            asyncio.timeout(CONNECT_SECONDS),
            await asyncio.to_thread(httpx.AsyncClient, **options) as client,
            client.stream("GET", address) as response,
        ):
            seconds, body = time.monotonic() - begun, b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MOST_BYTES:
                    break
            text = self.bearer.without_token(body.decode("utf-8", "replace"))
            return _Answer(response.status_code, response.headers, text, seconds)

    async def quick(self, address: str) -> _Answer:
        """The second of two requests: what setting up a connection costs is not the host's latency."""
        import httpx

        options = await client_options(self.access, self.bearer)
        async with asyncio.timeout(CONNECT_SECONDS), await asyncio.to_thread(httpx.AsyncClient, **options) as client:
            await client.get(address)
            begun = time.monotonic()
            response = await client.get(address)
            return _Answer(response.status_code, response.headers, response.text, time.monotonic() - begun)

    async def perhaps(self, address: str, signed: bool = True) -> _Answer | None:
        """The same where no answer is an answer too."""
        import httpx

        try:
            return await self.get(address, signed)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, TimeoutError, EngineUnreachable):
            return None

    async def about_token(self, address: str) -> str:
        """Whether the token matters, found by asking once without it."""
        if not await self._token():
            return ""
        without = await self.perhaps(address, signed=False)
        return " The token is accepted." if without is not None and without.denied else " It asks for no token."


async def probe(access: Access, token: GiveToken) -> Finding:
    """Test a host. Its token is sent to it alone, and never before its certificate is trusted.

    Returns:
        What was found; all that comes from the host is shortened, plain text.
    """
    import httpx

    await asyncio.to_thread(import_ollama)  # it imports httpx, in a thread
    try:
        asked = _Probe(access, token)
        return await (_ollama(asked) if access.kind == "ollama" else _openai(asked))
    except TimeoutError:
        return _failed(late(access.address))
    except EngineUnreachable as error:  # a CA file that cannot be read
        return Finding(False, str(error))
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError):
        return Finding(False, f"{access.address} is not an address that can be asked.", "Correct the address.")
    except (httpx.ConnectError, httpx.ConnectTimeout, OSError) as error:
        why = unreachable(access.address, error, access.certificate)
        return await _distrusted(access, why) if why.trouble == "certificate" else _failed(why)
    except httpx.HTTPError:
        return Finding(
            False, f"Something listens at {access.address}, but it does not speak HTTP.", "Check the port."
        )


def _failed(why: EngineUnreachable) -> Finding:
    return Finding(False, str(why), _ADVICE.get(why.trouble, ""))


async def _distrusted(access: Access, why: EngineUnreachable) -> Finding:
    """Show the certificate that is not trusted."""
    shown: Certificate | None = None
    try:
        shown = await certificates.fetch(access.address)
    except EngineUnreachable:  # it speaks no TLS at all
        return Finding(False, str(why), "Check the address.")
    if access.certificate:
        known = await asyncio.to_thread(certificates.fingerprint_of, access.certificate)
        words = "This is not the certificate that was accepted. Nothing was sent."
        advice = (
            f"Accepted: SHA-256 {known}. Shown now: SHA-256 {shown.fingerprint}. Accept the new one only if you know "
            "that it was changed; otherwise somebody may stand between."
        )
        return Finding(False, words, advice, certificate=shown)
    return Finding(False, str(why), _ADVICE["certificate"], certificate=shown)


async def _ollama(asked: _Probe) -> Finding:
    address = asked.access.address
    answer = await asked.get(f"{address}/api/version")
    if answer.denied:
        return await _denied(asked, answer)
    if not answer.version:
        models = await asked.perhaps(f"{openai_url(address)}/models")
        if models is not None and models.status == 200 and wire.entries_of(models.value) is not None:
            return Finding(
                False, f"This is not Ollama but an OpenAI-compatible server{_made_by(models)}.",
                "Choose the kind OpenAI-compatible.", better_kind="openai",
            )  # fmt: skip
        if models is not None and models.denied and mapping(models.value):
            return Finding(
                False,
                f"This is not Ollama. It may be an OpenAI-compatible server that asks for a token ({models.status}).",
                "Choose the kind OpenAI-compatible and enter the token its owner gave you.",
                better_kind="openai",
            )
        return await _foreign(asked, answer, "Ollama")
    answer.seconds = (await asked.quick(f"{address}/api/version")).seconds
    tags = await asked.get(f"{address}/api/tags")
    if tags.denied:
        return await _denied(asked, tags)
    count = len(entries_of(mapping(tags.value)))
    version, told = answer.version, _numbers(answer.version)
    words = f"Ollama {version} answers in {_ms(answer.seconds)} and has {_models(count)}."
    words += await asked.about_token(f"{address}/api/tags")
    if told and told < CHAT_SINCE:
        return Finding(
            False, f"Ollama {version} is too old: it cannot answer in a conversation.",
            "Update Ollama there; from version 0.12.11 on it knows all that Mirador uses.",
            version, answer.seconds, count,
        )  # fmt: skip
    return Finding(True, words, _too_old(told) or _no_models(count), version, answer.seconds, count)


def _too_old(version: tuple[int, ...]) -> str:
    if not version or version >= LOGPROBS_SINCE:
        return ""
    more = "" if version >= CAPABILITIES_SINCE else ", nor which of its models can think or see"
    return f"It is older than 0.12.11 and does not tell how sure its models are{more}. Update Ollama there."


def _no_models(count: int) -> str:
    return "" if count else "It has no models yet: pull one on the page Models."


async def _openai(asked: _Probe) -> Finding:
    address = asked.access.address
    answer = await asked.get(f"{address}/models")
    root = address.rpartition("/")[0]
    if answer.denied:
        return await _denied(asked, answer)
    models = wire.entries_of(answer.value) if answer.status == 200 else None
    native = await asked.perhaps(f"{root}/api/version")
    version = native.version if native is not None else ""
    if models is None:
        if version:
            return Finding(
                False, f"This is Ollama {version}, without its OpenAI-compatible door.", "Choose the kind Ollama.",
                version, better_kind="ollama",
            )  # fmt: skip
        return await _foreign(asked, answer, "an OpenAI-compatible server")
    seconds = (await asked.quick(f"{address}/models")).seconds
    about = await asked.about_token(f"{address}/models")
    if version:
        return Finding(
            True, f"Ollama {version} answers in {_ms(seconds)} and has {_models(len(models))}.{about}",
            "It works like this, but with the kind Ollama, Mirador also sees what is loaded and can pull models.",
            version, seconds, len(models), better_kind="ollama",
        )  # fmt: skip
    made_by = _made_by(answer)
    told = await asked.perhaps(f"{root}/version") if "vLLM" in made_by else None
    version = told.version if told is not None else ""
    name = f"An OpenAI-compatible server{made_by}{f' {version}' if version else ''}"
    words = f"{name} answers in {_ms(seconds)} and has {_models(len(models))}.{about}"
    advice = "" if models else "Start it with a model."
    return Finding(True, words, advice, version, seconds, len(models))


async def _denied(asked: _Probe, answer: _Answer) -> Finding:
    has = bool(await asked._token())
    if answer.status == 403:
        return Finding(
            False, f"It refuses access (403){_server(answer)}.",
            "This token may not be used there." if has else "Its owner has to allow this computer, or give a token.",
        )  # fmt: skip
    return Finding(
        False, "The token is wrong (401)." if has else "It asks for a token (401).",
        "Enter the right token." if has else "Enter the token that its owner gave you.",
    )  # fmt: skip


async def _foreign(asked: _Probe, answer: _Answer, wanted: str) -> Finding:
    """Something else listens there: name it by its own words."""
    if 300 <= answer.status < 400:
        there = _short(answer.headers.get("location", "")) or "elsewhere"
        return Finding(False, f"It leads to {there} ({answer.status}).", "Enter the new address, if you trust it.")
    page = answer if "html" in answer.headers.get("content-type", "") else await asked.perhaps(asked.origin)
    title = _TITLE.search(page.text[:100_000]) if page is not None else None
    found = _short(unescape(title[1])) if title else ""
    if answer.status >= 500:
        return Finding(
            False, f"A server answers, but fails ({answer.status}){_server(answer)}.",
            "It may still be starting, or the one behind it does not run. Try again.",
        )  # fmt: skip
    what = f"a web page, “{found}”" if found else "something else"
    return Finding(
        False, f"This is not {wanted} but {what}{_server(answer)} ({answer.status}).", "Check the port and the path."
    )


def _server(answer: _Answer) -> str:
    name = _short(answer.headers.get("server", ""), 40)
    return f", from {name}" if name else ""


def _made_by(answer: _Answer) -> str:
    """The product behind an OpenAI-compatible server, as far as it gives itself away."""
    owners = {str(e.get("owned_by")) for e in wire.entries_of(answer.value) or []}
    known = {"vllm": "vLLM", "llamacpp": "llama.cpp", "organization_owner": "LM Studio", "sglang": "SGLang"}
    names = sorted(known[owner] for owner in owners if owner in known)
    return f" ({names[0]})" if names else ""


def _short(text: str, most: int = 80) -> str:
    """One plain line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _numbers(version: str) -> tuple[int, ...]:
    """The three numbers of a version, () for a development build or what is no version."""
    found = re.match(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})", version)
    numbers = tuple(int(n) for n in found.groups()) if found else ()
    return numbers if any(numbers) else ()


def _ms(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))} ms"


def _models(count: int) -> str:
    return "1 model" if count == 1 else f"{count} models"
