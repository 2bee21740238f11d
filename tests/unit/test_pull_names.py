"""Names of models, and what people paste instead of them."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.pull_names import parse_pull, short_name, wrong_name
from mirador_desktop.errors import ModelRefused
from tests.ollama_sim.names import parse_name

PART = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
SPACE = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,20}", fullmatch=True)
NAMES = st.one_of(
    PART,
    st.builds("{}:{}".format, PART, PART),
    st.builds("{}/{}:{}".format, SPACE, PART, PART),
    st.builds("{}.example:5000/{}/{}".format, SPACE, SPACE, PART),
)


@pytest.mark.parametrize(
    ("pasted", "name"),
    [
        ("llama3.2", "llama3.2"),
        ("  llama3.2:3b\n", "llama3.2:3b"),
        ("user/model:tag", "user/model:tag"),
        ("registry.example:5000/ns/model:tag", "registry.example:5000/ns/model:tag"),
        ("hf.co/user/repo:Q4_K_M", "hf.co/user/repo:Q4_K_M"),
        ("ollama run llama3.2", "llama3.2"),
        ("ollama pull llama3.2:3b", "llama3.2:3b"),
        ("$ ollama run llama3.2", "llama3.2"),
        ("me@box:~$ ollama run llama3.2", "llama3.2"),
        ("PS C:\\Users\\me> ollama run llama3.2", "llama3.2"),
        ("sudo /usr/local/bin/ollama pull llama3.2", "llama3.2"),
        ("ollama run --verbose llama3.2", "llama3.2"),
        ("ollama run llama3.2 --verbose", "llama3.2"),
        ("ollama run --keepalive 5m llama3.2", "llama3.2"),
        ("ollama run --keepalive=5m llama3.2", "llama3.2"),
        ('ollama run "llama3.2" "Why is it so?"', "llama3.2"),
        ("ollama run llama3.2 don't know why", "llama3.2"),
        ("ollama run llama3.2 # the small one", "llama3.2"),
        ("\n$ ollama run llama3.2\npulling manifest", "llama3.2"),
        ("ollama run hf.co/user/repo:Q4_K_M", "hf.co/user/repo:Q4_K_M"),
        ("`llama3.2`", "llama3.2"),
        ("`ollama run llama3.2`", "llama3.2"),
        ("\u201cllama3.2\u201d", "llama3.2"),
        ("llama3.2\u200b", "llama3.2"),
        ("C:\\Users\\me>ollama run llama3.2", "llama3.2"),
        ("➜  ~ ollama run llama3.2", "llama3.2"),
        ("OLLAMA_HOST=gpu ollama pull llama3.2", "llama3.2"),
        ("docker exec -it ollama ollama run llama3.2", "llama3.2"),
        ("https://huggingface.co/user/repo-GGUF", "hf.co/user/repo-GGUF"),
        ("huggingface.co/user/repo-GGUF/", "hf.co/user/repo-GGUF"),
        ("https://huggingface.co/user/repo/tree/main", "hf.co/user/repo"),
        ("https://huggingface.co/user/repo/blob/main/file-Q4_K_M.gguf", "hf.co/user/repo:Q4_K_M"),
        ("https://huggingface.co/user/repo/resolve/main/sub/model.q8_0.gguf?download=true", "hf.co/user/repo:q8_0"),
        ("https://huggingface.co/user/repo/blob/main/m-IQ3_XXS-00001-of-00003.gguf", "hf.co/user/repo:IQ3_XXS"),
        ("https://huggingface.co/user/repo?show_file_info=m-IQ2_XS.gguf", "hf.co/user/repo:IQ2_XS"),
        ("https://huggingface.co/user/repo/blob/main/model-f16.gguf#x", "hf.co/user/repo:f16"),
        ("https://huggingface.co/user/repo/blob/main/whatever.gguf", "hf.co/user/repo"),
        ("https://ollama.com/library/qwen2.5:14b", "qwen2.5:14b"),
        ("https://ollama.com/library/qwen2.5/tags", "qwen2.5"),
        ("ollama.com/library/qwen2.5", "qwen2.5"),
        ("https://ollama.com/user/model:tag", "user/model:tag"),
        ("https://registry.ollama.ai/library/llama3.2", "llama3.2"),
    ],
)
def test_what_people_paste(pasted: str, name: str) -> None:
    assert parse_pull(pasted).name == name


@pytest.mark.parametrize(
    ("pasted", "why"),
    [
        ("", "A name is missing"),
        ("   \n ", "A name is missing"),
        ("no such:name/x y", "a space"),
        ("ollama list", "a space"),
        ("ollama run", "A name is missing"),
        ("a/b/c/d", "more than two slashes"),
        ("a//b", "something is missing"),
        ("model:", "tag behind the colon is missing"),
        ("-model", "begins with “-”"),
        ("modèle", "“è” cannot stand in its name"),
        ("user.name/model", "“.” cannot stand in its user"),
        ("model:a:b", "“:” cannot stand in its tag"),
        ("x" * 81, "longer than 80"),
        ("model:" + "y" * 81, "longer than 80"),
        ("ftp://a/b", "of a kind that models do not have"),
        ("https://huggingface.co/user", "leads to no model"),
        ("https://huggingface.co/datasets/user/data", "leads to no model"),
        ("https://ollama.com/search?q=small", "leads to no model"),
        ("https://ollama.com", "leads to no model"),
    ],
)
def test_what_is_no_name_is_said_with_the_reason(pasted: str, why: str) -> None:
    with pytest.raises(ModelRefused, match=re.escape(why)):
        parse_pull(pasted)


def test_plain_http_is_taken_only_from_who_wrote_it() -> None:
    assert parse_pull("http://127.0.0.1:5000/library/words").insecure
    assert parse_pull("ollama pull --insecure 127.0.0.1:5000/library/words").insecure
    assert not parse_pull("ollama pull --insecure=false 127.0.0.1:5000/library/words").insecure
    assert not parse_pull("127.0.0.1:5000/library/words").insecure
    assert parse_pull("http://127.0.0.1:5000/library/words").name == "http://127.0.0.1:5000/library/words"


@given(NAMES)
def test_good_names_come_back_as_they_are(name: str) -> None:
    assert wrong_name(name) == ""
    assert parse_pull(f"ollama run {name} --verbose").name == name


@given(st.text(st.characters(codec="utf-8"), max_size=120))
def test_says_of_every_text_what_the_server_would_say(text: str) -> None:
    assert (wrong_name(text) == "") == (parse_name(text) is not None and text != "")


@given(st.text(max_size=200))
def test_anything_may_be_pasted(text: str) -> None:
    with suppress(ModelRefused):
        assert parse_name(parse_pull(text).name) is not None


@given(NAMES)
def test_short_names_are_those_the_server_lists(name: str) -> None:
    parsed = parse_name(name)
    assert parsed is not None
    assert short_name(name) == parsed.short
