"""Addresses of hosts by Ollama's own rules."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.engines.address import address_problem, host_url, is_near, is_this_computer, openai_url


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


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("llm.lab.example", "http://llm.lab.example:80/v1"),
        ("https://llm.lab.example/v1/", "https://llm.lab.example:443/v1"),
        ("localhost:8000", "http://localhost:8000/v1"),
        ("http://h/serve/app", "http://h:80/serve/app/v1"),
        ("http://h/serve/app/v1", "http://h:80/serve/app/v1"),
        ("https://h/v1beta/openai", "https://h:443/v1beta/openai"),
        ("https://h/v1/chat/completions", "https://h:443/v1"),
        ("https://h/app/v1/models", "https://h:443/app/v1"),
        ("http://user:pass@h:1", "http://h:1/v1"),
        ("[::]:8000", "http://[::1]:8000/v1"),
        (":8080", "http://127.0.0.1:8080/v1"),
    ],
)
def test_addresses_of_openai_compatible_servers(said: str, meant: str) -> None:
    assert openai_url(said) == meant
    assert openai_url(meant) == meant


@pytest.mark.parametrize(
    "good",
    [
        "192.168.1.20",
        "x:1",
        "https://h/serve",
        "[fd00::1]:11434",
        "fd00::1",
        ":11434",
        "'quoted'",
        "HTTPS://H",
        "bücher.de",
    ],
)
def test_good_addresses(good: str) -> None:
    assert address_problem(good) == ""


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("", "Enter an address"),
        ("ftp://x", "begins with http"),
        ("https://", "is missing"),
        ("user:pass@x", "password"),
        ("http://user@x/y", "password"),
        ("http://x/?key=1", "neither ? nor #"),
        ("x y", "no spaces"),
        ("x\x07y", "no spaces"),
        ("x:abc", "a number from 1 to 65535"),
        ("x:0", "a number from 1 to 65535"),
        ("x:65536", "a number from 1 to 65535"),
        ("x:", "a number from 1 to 65535"),
        ("[fd00::1", "no IPv6 address"),
        ("[fd00::1]x", "no IPv6 address"),
        ("[x]:1", "no IPv6 address"),
        ("a:b:c", "at most one colon"),
        ("a\\b", "not the name of a computer"),
    ],
)
def test_bad_addresses(bad: str, words: str) -> None:
    assert words in address_problem(bad)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_sentence(text: str) -> None:
    said = address_problem(text)
    assert said == "" or said.endswith(".")
    if not said:
        for url in (host_url(text), openai_url(text)):
            assert "@" not in urlsplit(url).netloc
            assert urlsplit(url).port


def test_what_is_near() -> None:
    for near in (
        "http://127.0.0.1:1",
        "http://192.168.1.7:1",
        "http://nas:1",
        "http://nas.local:1",
        "http://[fd00::1]:1",
    ):
        assert is_near(near)
    for far in ("https://llm.example.org:443", "http://8.8.8.8:80", "http://foo[bar"):
        assert not is_near(far)
