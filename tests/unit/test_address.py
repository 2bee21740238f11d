"""Addresses of hosts by Ollama's own rules."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.engines.address import host_url, is_this_computer


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("", "http://127.0.0.1:11434"),
        ("1.2.3.4", "http://1.2.3.4:11434"),
        (":1234", "http://127.0.0.1:1234"),
        ("1.2.3.4:1234", "http://1.2.3.4:1234"),
        ("example.com", "http://example.com:11434"),
        ("example.com:1234", "http://example.com:1234"),
        (":0", "http://127.0.0.1:0"),
        (":00080", "http://127.0.0.1:80"),
        (":65535", "http://127.0.0.1:65535"),
        (":65536", "http://127.0.0.1:11434"),
        (":-1", "http://127.0.0.1:11434"),
        (":1_0", "http://127.0.0.1:11434"),
        (":١٢", "http://127.0.0.1:11434"),
        (":" + "9" * 5000, "http://127.0.0.1:11434"),
        ("host:abc", "http://host:11434"),
        ("[::1]", "http://[::1]:11434"),
        ("[::]", "http://[::1]:11434"),
        ("::1", "http://[::1]:11434"),
        ("fe80::1", "http://[fe80::1]:11434"),
        ("[::1]:1337", "http://[::1]:1337"),
        ("[::]:1337", "http://[::1]:1337"),
        ("0:0:0:0:0:0:0:0", "http://[::1]:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:8080", "http://127.0.0.1:8080"),
        (" 1.2.3.4 ", "http://1.2.3.4:11434"),
        ('"1.2.3.4"', "http://1.2.3.4:11434"),
        (' " 1.2.3.4 " ', "http://1.2.3.4:11434"),
        ("'1.2.3.4'", "http://1.2.3.4:11434"),
        ("http://1.2.3.4", "http://1.2.3.4:80"),
        ("http://1.2.3.4:4321", "http://1.2.3.4:4321"),
        ("HTTP://1.2.3.4", "http://1.2.3.4:80"),
        ("https://1.2.3.4", "https://1.2.3.4:443"),
        ("https://1.2.3.4:4321", "https://1.2.3.4:4321"),
        ("https://1.2.3.4:99999", "https://1.2.3.4:443"),
        ("http://[::1]", "http://[::1]:80"),
        ("https://[::1]:99/x", "https://[::1]:99/x"),
        ("http://", "http://127.0.0.1:80"),
        ("tcp://1.2.3.4", "tcp://1.2.3.4:11434"),
        ("https://example.com/ollama", "https://example.com:443/ollama"),
        ("example.com/ollama/", "http://example.com:11434/ollama"),
        ("example.com:1/a/b//", "http://example.com:1/a/b"),
        ("user:secret@example.com:1", "http://example.com:1"),
        ("ollama.com", "https://ollama.com:443"),
        ("https://ollama.com", "https://ollama.com:443"),
    ],
)
def test_what_an_address_means(said: str, meant: str) -> None:
    assert host_url(said) == meant


@given(st.text(max_size=40))
def test_every_text_gives_some_address(text: str) -> None:
    url = host_url(text)
    assert "://" in url
    assert isinstance(is_this_computer(url), bool)


@given(st.from_regex(r"[a-z]{1,9}(\.[a-z]{1,5}){0,2}", fullmatch=True), st.integers(0, 65535))
def test_an_address_is_what_it_means_itself(host: str, port: int) -> None:
    url = host_url(f"{host}:{port}")
    assert host_url(url) == url
    assert (urlsplit(url).hostname, urlsplit(url).port) == (host, port)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:11434", True),
        ("http://127.1.2.3:1", True),
        ("http://localhost:1", True),
        ("http://[::1]:11434", True),
        ("http://192.168.1.9:11434", False),
        ("https://example.com:443", False),
        ("http://foo[bar:11434", False),
    ],
)
def test_which_addresses_are_this_computer(url: str, here: bool) -> None:
    assert is_this_computer(url) is here
