"""What the page Hosts says of a host, in words."""

import time
from dataclasses import replace

from mirador_desktop.core.engine import EngineState
from mirador_desktop.gui.settings import host_words
from mirador_desktop.hosts import HostEntry
from mirador_desktop.settings import HostSettings


def test_the_words_of_a_state() -> None:
    now = time.mktime((2026, 5, 12, 14, 2, 20, 0, 0, -1))
    down = EngineState(False, error="Nothing answers at x.", trouble="nothing")
    entry = HostEntry(HostSettings("x", "openai", "Cluster"), "Cluster", "http://x:80/v1", True, state=down,
                      since=now - 20, left_out=3, next_look=now + 40)  # fmt: skip
    assert host_words.trouble(entry, now) == (
        "Nothing listens there since 14:02. Its 3 models are left out, their stages use fallbacks. Next try in 40 s."
    )
    assert host_words.trouble(replace(entry, since=now - 86400 * 3, left_out=1, next_look=None), now) == (
        "Nothing listens there since 9 May. Its model is left out, its stages use fallbacks."
    )
    other = replace(
        entry, state=EngineState(False, error="It is late.", trouble="timeout"), left_out=0, next_look=None
    )
    assert host_words.trouble(other, now) == "It is late. Left out since 14:02."
    assert host_words.numbers(entry) == ("no answer", "3 models left out")
    assert host_words.numbers(replace(entry, state=None)) == ("", "looking…")
    refused = replace(entry, state=EngineState(False, trouble="denied"), left_out=0)
    assert host_words.numbers(refused) == ("refused", "")
    assert host_words.trouble(replace(entry, problem="Wrong.")) == "Wrong. This host is not used."
    assert host_words.accepted_on("never") == "Accepted by you"
    assert host_words.numbers(replace(entry, settings=replace(entry.settings, on=False))) == ("", "off")
