"""What fits into memory together: what is learned from looks, what a plan loads, and how it is said."""

from hypothesis import given
from hypothesis import strategies as st

from mirador_desktop.core.engine import LoadedModel
from mirador_desktop.core.memory_plan import HostRoom, Learned, Plan, Wanted, make_plan, plan_words
from mirador_desktop.engines.limits import limit_of, most_models

GB = 1_000_000_000
NOW = 1000.0


def loaded(*names: str, size: int = 2 * GB, expires: float | None = NOW + 300) -> list[LoadedModel]:
    return [LoadedModel(name, "here", size, 0, expires) for name in names]


def wanted(*sizes: float, loaded: int = 0) -> list[Wanted]:
    stages = ("quick", "deep", "synthesis", "more")
    return [
        Wanted(stages[i], f"m{i}:latest", "here", int(size * GB), i < loaded, 12.0 if i == 2 else None)
        for i, size in enumerate(sizes)
    ]


def steps(plan: Plan) -> str:
    return "".join(s.when[0] for s in plan.steps)


def test_where_nothing_is_known_one_model_is_loaded() -> None:
    plan = make_plan(wanted(2, 5, 9), {"here": HostRoom(Learned(), 64 * GB)})
    assert steps(plan) == "sll"
    assert [w.model for w in plan.to_load] == ["m0:latest"]


def test_what_fits_together_stays_and_what_does_not_comes_later() -> None:
    room = HostRoom(Learned(), 12 * GB, 3)
    assert steps(make_plan(wanted(2, 5, 4), {"here": room})) == "sss"
    assert steps(make_plan(wanted(2, 5, 9), {"here": room})) == "ssl"
    assert steps(make_plan(wanted(2, 11, 1), {"here": room})) == "sll"  # the third would come before the second
    assert steps(make_plan(wanted(2, 1, 1, 1), {"here": room})) == "sssl"
    assert steps(make_plan(wanted(2, 1, 1), {"here": HostRoom(Learned(), 12 * GB, 1)})) == "sll"
    assert steps(make_plan(wanted(40), {"here": room})) == "s"  # the server says it if that is too much


def test_each_host_has_its_own_memory_and_a_model_is_planned_once() -> None:
    each = wanted(2, 5, 4)
    away = [Wanted(w.stage, w.model, "away", w.need) for w in each[1:]]
    rooms = {"here": HostRoom(Learned(), 3 * GB, 3), "away": HostRoom(Learned(), 0, 3)}
    assert steps(make_plan([each[0], *away, each[0]], rooms)) == "ssl"


def test_models_seen_together_are_kept_together_from_then_on() -> None:
    learned = Learned()
    assert learned.observe([], loaded("a"), NOW)
    assert learned.observe(loaded("a"), loaded("a", "b"), NOW)
    assert not learned.observe(loaded("a", "b"), loaded("a", "b"), NOW)
    assert (learned.together, learned.most_bytes, learned.too_much) == (2, 4 * GB, [])
    room = HostRoom(learned)
    assert room.fits([2 * GB, 2 * GB])
    assert not room.fits([2 * GB, 3 * GB])  # more than was ever seen, and nothing else is known
    assert not room.fits([GB, GB, GB])


def test_a_model_that_was_driven_out_is_learned_from() -> None:
    learned = Learned()
    learned.observe(loaded("a"), loaded("b"), NOW)
    assert learned.too_much == [(2, 4 * GB)]
    room = HostRoom(learned, 64 * GB, 3)
    assert not room.fits([2 * GB, 2 * GB])
    assert room.fits([GB, GB])
    learned.observe(loaded("b"), loaded("b", "c"), NOW)  # now they were seen together: it was something else
    assert learned.too_much == []
    assert HostRoom(learned, 64 * GB, 3).fits([2 * GB, 2 * GB])


def test_what_left_by_itself_or_on_purpose_teaches_nothing() -> None:
    learned = Learned()
    learned.observe(loaded("a", expires=NOW - 1), loaded("b"), NOW)
    learned.observe(loaded("a"), [], NOW)
    learned.observe(loaded("a:latest"), loaded("b"), NOW, {"a:latest"})
    assert learned.too_much == []


@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from("abc"), unique=True, max_size=3),
            st.lists(st.sampled_from("abc"), unique=True, max_size=3),
        ),
        max_size=6,
    )
)
def test_what_is_remembered_is_what_was_learned(looks: list[tuple[list[str], list[str]]]) -> None:
    learned = Learned()
    for before, after in looks:
        learned.observe(loaded(*before), loaded(*after), NOW)
    assert Learned.from_json(learned.to_json()) == learned


@given(st.recursive(st.none() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)))
def test_what_cannot_be_understood_is_forgotten(value: object) -> None:
    assert isinstance(Learned.from_json(value), Learned)


@given(st.lists(st.floats(0.1, 20), min_size=1, max_size=4), st.integers(0, 40), st.none() | st.integers(1, 4))
def test_a_plan_never_takes_more_than_fits(sizes: list[float], room: int, most: int | None) -> None:
    host = HostRoom(Learned(together=2), room * GB, most)
    plan = make_plan(wanted(*sizes), {"here": host})
    assert len(plan.stays) + len(plan.later) == len(sizes)
    assert plan.steps[0].when == "stays"
    assert len(plan.stays) == 1 or sum(w.need for w in plan.stays) <= room * GB
    assert len(plan.stays) <= (most or 2)


def test_plans_in_words() -> None:
    def say(sizes: list[float], room: HostRoom, loaded: int = 0) -> str:
        return plan_words(make_plan(wanted(*sizes, loaded=loaded), {"here": room}))

    roomy = HostRoom(Learned(), 24 * GB, 3)
    assert say([2, 5, 4], roomy) == "Quick, Deep and Synthesis stay loaded together, 11.0 of 24.0 GB."
    assert say([2, 5, 18], roomy) == (
        "Quick and Deep stay loaded together, 7.0 of 24.0 GB. "
        "Synthesis needs 18.0 GB more and is loaded when its stage comes, about 12 s."
    )
    assert say([10, 12, 12], HostRoom(Learned(), 16 * GB, 3)) == (
        "These three need 34.0 GB, and there is room for 16.0 GB. Quick is loaded before your question. "
        "Deep and Synthesis are loaded when their stages come, about 12 s each."
    )
    assert say([2, 2, 2], HostRoom(Learned(), 64 * GB, 1)).startswith(
        "The server keeps one model in memory at a time."
    )
    assert "not known yet" in say([2, 2, 2], HostRoom(Learned(), 64 * GB))
    assert say([2], roomy) == "Quick needs 2.0 GB and stays loaded."
    assert say([], roomy) == ""


def test_what_others_take_up_is_said() -> None:
    seen = Learned(together=2, most_bytes=20 * GB, too_much=[(3, 20 * GB)])
    plan = make_plan(wanted(2, 5, 9), {"here": HostRoom(seen, 64 * GB, loaded={"other:latest": 9 * GB})})
    assert plan_words(plan).startswith(
        "So far the server has kept two models in memory at a time, and what it holds now takes up that room."
    )


def test_two_models_of_a_stage_in_words() -> None:
    both = [
        Wanted("quick", "a", "h", GB),
        *(Wanted("deep", n, "h", GB) for n in "bc"),
        Wanted("synthesis", "d", "h", 9 * GB),
    ]
    assert plan_words(make_plan(both, {"h": HostRoom(Learned(), 4 * GB, 4)})).startswith(
        "Quick and both Deep models stay loaded together, 3.0 of 4.0 GB. Synthesis needs"
    )
    assert plan_words(make_plan(both, {"h": HostRoom(Learned(), 4 * GB, 2)})) == (
        "Quick and b (Deep) stay loaded together, 2.0 of 4.0 GB. "
        "c (Deep) and Synthesis are loaded when their stages come."
    )


def test_two_hosts_are_told_one_after_the_other() -> None:
    here, away = wanted(2, 5, 4)[:1], [Wanted(w.stage, w.model, "big", w.need) for w in wanted(2, 5, 4)[1:]]
    rooms = {
        "here": HostRoom(Learned(), 8 * GB, 3),
        "big": HostRoom(Learned(together=2, most_bytes=64 * GB), 0, None),
    }
    assert plan_words(make_plan([*here, *away], rooms)) == (
        "Quick needs 2.0 GB and stays loaded on here. Deep and Synthesis stay loaded together on big, 9.0 GB."
    )


def test_the_limit_of_a_server() -> None:
    assert [limit_of(v) for v in ("", "0", "1", ' "2" ', "many", "-1")] == [3, 3, 1, 2, 3, 3]
    assert most_models("http://127.0.0.1:1") is None
