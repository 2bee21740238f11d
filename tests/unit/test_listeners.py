"""Listeners hear of a change in their order, and one that fails is no hindrance."""

import logging

import pytest

from mirador_desktop.core.listeners import Listeners


def test_all_are_told_though_one_fails(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []
    listeners = Listeners[str]("The thing could not be shown")
    listeners.add(lambda word: heard.append(f"first {word}"))
    listeners.add(lambda word: heard.index(word))
    listeners.add(heard.append)
    with caplog.at_level(logging.ERROR):
        listeners.tell("change")
    assert heard == ["first change", "change"]
    assert caplog.messages == ["The thing could not be shown"]


def test_one_that_leaves_while_it_is_told() -> None:
    heard: list[str] = []
    listeners = Listeners[()]("")

    def once() -> None:
        heard.append("once")
        end()

    end = listeners.add(once)
    listeners.add(lambda: heard.append("always"))
    listeners.tell()
    listeners.tell()
    end()
    assert heard == ["once", "always", "always"]
