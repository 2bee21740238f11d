"""Terms: what of a text is found again by another form of it, in many languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.memory.terms import (
    ends_with_question,
    language_of,
    names_in,
    question_terms,
    said_and_asked,
    speaks_of_self,
    terms_of,
    words_of,
)

SAID = {
    "english": "We went to the mountains with the children and the dogs were running.",
    "german": "Ich habe gestern über größere Datenbanken und ihre Häuser gelesen, und das war schön.",
    "french": "J'ai préféré les cafés de la ville, où nous avons mangé avec des amis.",
    "russian": "Я изучаю программирование, и мне нравятся сложные задачи, которые мы решаем.",
    "turkish": "Ben bu kitapları çok seviyorum ve her gün ışıkları açıp okuyorum.",
    "spanish": "Estoy aprendiendo a programar y me gustan los problemas que son difíciles.",
}
ASKED = {
    "english": ("Did I mention a mountain, a child and how the dog runs?", {"mountain", "child", "dog", "run"}),
    "german": ("Was war mit der größeren Datenbank und dem Haus?", {"gross", "datenbank", "haus"}),
    "french": ("Quel café est-ce que je préfère?", {"caf", "prefer"}),
    "russian": ("Какую сложную задачу я решаю, изучая программирование?", {"сложн", "задач", "программирован"}),
    "turkish": ("Hangi kitaplar ve ışık için ne dedim?", {"kitap", "isik"}),
    "spanish": ("¿Qué problema difícil tengo?", {"problem", "dificil"}),
}


@pytest.mark.parametrize("language", SAID)
def test_a_question_finds_other_forms_of_what_was_said_in_its_language(language: str) -> None:
    assert language_of(SAID[language]) == language
    held = set(terms_of(SAID[language], language))
    question, found = ASKED[language]
    sought = set().union(*(each.terms for each in question_terms(question, ["english", language])))
    assert found <= held & sought


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("昨日は東京へ旅行に行きました。ラーメンが好きです。", "東京のラーメンについて何と言いましたか"),
        ("我喜欢北京的秋天，也喜欢爬山。", "北京怎么样？"),
        ("저는 서울에서 프로그래머로 일합니다.", "서울에 대해 뭐라고 했지?"),
        ("ผมชอบกาแฟที่เชียงใหม่", "เชียงใหม่"),
    ],
)
def test_scripts_without_spaces_are_found_by_their_pieces(said: str, question: str) -> None:
    held = set(terms_of(said, language_of(said)))
    sought = set().union(*(each.terms for each in question_terms(question, ["english"])))
    assert len(held & sought) >= 1


def test_the_grammar_of_japanese_is_not_looked_for() -> None:
    assert not {"です", "まし", "した"} & {each.word for each in question_terms("東京に行きました", ["english"])}
    assert question_terms("りんご", ["english"])


@pytest.mark.parametrize("name", ["Kubernetes", "Łukasz", "Zoë", "GPT-4", "Ünal", "Владимир"])
def test_names_are_found_in_texts_of_every_language(name: str) -> None:
    languages = list(SAID)
    sought = set().union(*(each.terms for each in question_terms(f"What about {name}?", languages)))
    for language in languages:
        assert set(terms_of(name, language)) & sought, language


def test_turkish_and_german_letters_fold() -> None:
    assert terms_of("IŞIK", "turkish") == terms_of("ışık", "turkish")
    assert terms_of("İSTANBUL", "english") == terms_of("istanbul", "english")
    assert terms_of("STRASSE", "german") == terms_of("Straße", "german")


def test_signs_apostrophes_and_irregular_forms() -> None:
    assert terms_of("C++ and C#", "english") == ["cplusplus", "csharp"]
    assert terms_of("I don't know Ann's book", "english") == ["know", "ann", "book"]
    assert terms_of("the people bought mice", "english") == terms_of("a person buys a mouse", "english")
    assert words_of("l’été d'Anne") == ["l", "été", "d", "anne"]


def test_greetings_and_small_words_are_no_terms() -> None:
    for text in ("Hello!", "Hi there, thanks", "Hallo, guten Morgen", "Bonjour, merci", "Привет, спасибо"):
        assert question_terms(text, ["english", "german", "french", "russian"]) == [], text


def test_a_short_reply_is_in_the_language_of_what_came_before() -> None:
    assert language_of("Kafka Streams", "german") == "german"
    assert language_of("Die hard", "english") == "english"
    assert language_of("", "french") == "french"


def test_questions_are_told_from_what_is_said() -> None:
    text = "I bought a violin. Do you play the piano?"
    assert said_and_asked(text, "english") == (["buy", "violin"], ["play", "piano"])
    assert said_and_asked("Which piano?\nA Steinway. Anything else?", "english", answered=True) == (
        ["piano", "steinway"],
        ["anyth", "els"],
    )
    assert ends_with_question("Really? **")
    assert ends_with_question("本当ですか？")
    assert not ends_with_question("Why? Because.")


def test_names_and_oneself() -> None:
    assert names_in("When did Ann go to Paris in 2021? Was it nice") >= {"ann", "paris", "2021"}
    assert "when" not in names_in("When did Ann go?")
    assert speaks_of_self("I work with Rust", "english")
    assert speaks_of_self("Ich arbeite mit Rust", "german")
    assert not speaks_of_self("Rust is a language", "english")


@given(st.text())
def test_terms_are_tokens_of_the_index(text: str) -> None:
    """One term is one token of FTS5's `ascii` tokenizer: nothing in ASCII but letters and digits, in lower case."""
    for language in ("english", "turkish", "russian"):
        for term in terms_of(text, language):
            assert term
            assert all(char > "\x7f" or char.isdigit() or (char.isalpha() and char.islower()) for char in term)


@given(st.text(), st.sampled_from(sorted(SAID)))
def test_what_is_said_and_what_is_asked_are_all_terms(text: str, language: str) -> None:
    for answered in (False, True):
        said, asked = said_and_asked(text, language, answered=answered)
        # A sentence's end parts no word, except that punctuation inside of one ("a.b") parts it anyway.
        assert sorted(said + asked) == sorted(terms_of(text.replace("\n", " \n "), language))


@given(st.text())
def test_a_question_finds_its_own_text(text: str) -> None:
    language = language_of(text)
    held = set(terms_of(text, language))
    assert all(each.terms & held for each in question_terms(text, [language]))
