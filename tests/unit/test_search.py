"""What is found: words, phrases, filters, in all kinds of text; and what is forgiven."""

from pathlib import Path

import pytest

from mirador_desktop.memory import search_near
from mirador_desktop.memory.store import Store
from tests.unit.search_helpers import hits, keep, keys, look, marked, moment, run, turn
from tests.unit.test_store import without_keyring


@pytest.fixture(autouse=True)
def _no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    without_keyring(monkeypatch)


@pytest.mark.parametrize("indexed", [True, False])
def test_each_kind_of_text_is_found_where_it_is(tmp_path: Path, indexed: bool) -> None:
    async def work(store: Store) -> None:
        await keep(
            store,
            turn("a", "Question zebra?", "Final yak.", quick="First newt.", thinking="I see a gnu."),
            turn("b", "Nothing", "at all", files=(("otter.txt", "A table of lemurs"),)),
            indexed=indexed,
        )
        expected = {
            "zebra": ("question", "", (0, 0)),
            "yak": ("answer", "deep", (1, 0)),
            "newt": ("answer", "quick", (0, 0)),
            "gnu": ("thought", "deep", (1, 0)),
            "lemurs": ("file", "", (0, 0)),
            "otter": ("file", "", (0, 0)),
        }
        for word, (kind, stage, place) in expected.items():
            (hit,) = await hits(store, word)
            assert (hit.kind, hit.stage, hit.place) == (kind, stage, place), word
            assert marked(hit) == [word]
        assert (await hits(store, "yak"))[0].model == "gemma3:27b"
        assert [hit.kind for hit in await hits(store, "zebra gnu newt")] == ["question"]
        assert await hits(store, "zebra lemurs") == []
        assert await keys(store, "title") == "ab"

    run(tmp_path, work)


def test_words_prefixes_phrases_and_what_must_not_be_there(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await keep(
            store,
            turn("a", "The importance of imports", "cold start, start cold", when=3.0),
            turn("b", "Import it", "start of a cold day", when=2.0),
            turn("c", "don't panic", "It's 3.11; foo_bar.baz()", when=1.0),
        )
        for text, expected in {
            "imp": "ab",
            "import ": "b",
            "import i": "b",
            "impor of": "ab",  # nothing has the word "impor": words that begin so
            '"cold start"': "a",
            '"start of a co': "b",
            '"cold start" imp': "a",
            "start -importance": "b",
            '-"cold start" start': "b",
            "-cold -start": "c",
            "don't": "c",
            "foo_bar.b": "c",
            "3.11": "c",
            "cold cold COLD": "ab",
            "zzz": "",
            '"start cold start"': "",
        }.items():
            assert await keys(store, text) == expected, text
        assert (await look(store, "impor of")).instead == ()

    run(tmp_path, work)


def test_diacritics_and_scripts_without_spaces(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await keep(
            store,
            turn("a", "Übergröße im Café", "naïve Straße", when=9.0),
            turn("b", "東京タワーの高さは?", "東京タワーは333メートルです。", when=8.0),
            turn("c", "서울에서 부산까지", "Ёлка 🎉", when=7.0),
            turn("d", "京東の話", when=6.0),
        )
        for text, expected in {
            "ubergrosse cafe": "a",
            "STRASSE": "a",
            "東京": "b",
            "京": "bd",
            "高さ": "b",
            "東京 333": "b",
            "서울": "c",
            "елка": "c",
            "🎉": "c",
            "-東京 京": "d",
        }.items():
            assert await keys(store, text) == expected, text

    run(tmp_path, work)


def test_filters(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        code = "Use this:\n\n```python\nprint()\n```"
        await keep(store, turn("a", "one", "apple", quick="pear", when=moment("2026-04-30T23:59")), tags=["Work"])
        await keep(store, turn("b", "two", f"apple {code}", model="qwen2.5:14b", when=moment("2026-05-01T00:01")))
        await keep(
            store, turn("c", "apple", "pear", quick="x ``` y", when=moment("2026-05-17T10:00")), tags=["workshop"]
        )
        for text, expected in {
            "apple": "cba",
            "model:qwen apple": "b",
            "model:QWEN2.5": "b",
            "model:mistral apple": "",
            "model:gemma apple": "ca",
            "stage:deep apple": "ba",
            "stage:quick pear": "a",
            "stage:quick model:gemma": "",
            "stage:de pear": "c",
            "apple has:code": "b",
            "has:code": "b",
            "has:code model:llama": "",
            "before:2026-05 apple": "a",
            "before:2026-05-01": "a",
            "after:2026-05 apple": "cb",
            "after:2026-05-01 before:2026-05-02": "b",
            "after:2027": "",
            "tag:work apple": "a",
            "tag:works": "c",
            "tag:work": "a",
            "tag:nothing apple": "",
            "tag:work pear after:2026-05": "",
            "in:title a": "a",
            "in:title apple": "",
        }.items():
            assert await keys(store, text) == expected, text
        assert [hit.kind for hit in await hits(store, "stage:deep apple")] == ["answer", "answer"]
        (hit,) = await hits(store, "has:code")
        assert (hit.kind, hit.snippet[:9], hit.ranges) == ("answer", "apple Use", ())

    run(tmp_path, work)


# ── forgiving ──────────────────────────────────────────────────────────────────────────────────────────────


def test_mistakes_are_forgiven_only_when_nothing_is_found(tmp_path: Path) -> None:
    async def work(store: Store) -> None:
        await keep(store, turn("a", "How do I receive a parcel?", "Kubernetes clusters", quick="Zimmerpflanze"))
        await keep(store, turn("b", "recive", "a rare word that is really there"), title="Schwarzwald")
        for typed, shown in {
            "recieve": "receive",
            "kubernetse": "kubernetes",
            "kuberneets clusters": "kubernetes",
            "paarcel": "parcel",
            "arcel": "parcel",
            "xparcel": "parcel",
            "kubarnetis": "kubernetes",
            "Zimerpflanse": "zimmerpflanze",
            "schwartzwald": "schwarzwald",
        }.items():
            found = await look(store, typed)
            assert found.conversations, typed
            assert [other for _, other in found.instead] == [shown], typed
        assert (await look(store, "recive")).instead == ()
        assert (await look(store, "xqzzt")).conversations == ()
        assert (await look(store, "xq")).conversations == ()
        assert (await look(store, "receive -parcel")).conversations == ()

    run(tmp_path, work)


def test_distance_and_likeness() -> None:
    assert search_near.distance("recieve", "receive") == 1
    assert search_near.distance("abc", "") == 3
    assert search_near.distance("kitten", "sitting") == 3
    assert search_near.likeness("same", "same") == 1.0
    assert search_near.likeness("abc", "xyz") == 0.0
