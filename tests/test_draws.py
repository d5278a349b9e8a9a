"""What is drawn: for each submission and task, and for each student of the mastery test."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.examining.draws import course_secret, draws_for
from autograder.examining.mastery import by_topic
from course.practice.mastery import DRAWN, drawn, plain_name, pool
from course.practice.places import LEVELS
from course.practice.stems import topics_of

SECRET = bytes(range(32))
#: Assignments, submissions and tasks: no file can be called by a name with a NUL in it.
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
TRIPLES = st.tuples(NAMES, NAMES, NAMES)


def draws(names: tuple[str, ...], secret: bytes = SECRET) -> list[int]:
    rng = draws_for(secret, *names)
    return [rng.getrandbits(32) for _ in range(4)]


@given(TRIPLES, TRIPLES)
def test_the_same_names_draw_the_same_and_others_draw_otherwise(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    assert draws(one) == draws(one)
    assert (draws(one) == draws(other)) == (one == other)


@given(TRIPLES, st.integers(0, 2), NAMES)
def test_assignment_submission_and_task_each_have_a_say(
    names: tuple[str, ...], which: int, other: str
) -> None:
    changed = tuple(other if place == which else name for place, name in enumerate(names))
    assert (draws(names) == draws(changed)) == (names == changed)


@given(TRIPLES, st.binary(min_size=32, max_size=32))
def test_another_secret_draws_otherwise(names: tuple[str, ...], secret: bytes) -> None:
    assert (draws(names, secret) == draws(names)) == (secret == SECRET)


def test_the_secret_is_made_once_whoever_asks_first(tmp_path: Path) -> None:
    path = tmp_path / "new" / "secret"
    barrier, found = threading.Barrier(8), []

    def ask() -> None:
        barrier.wait()
        found.append(course_secret(path))

    askers = [threading.Thread(target=ask) for _ in range(8)]
    for one in askers:
        one.start()
    for one in askers:
        one.join()
    assert set(found) == {path.read_bytes()} and len(found[0]) == 32
    assert [file.name for file in path.parent.iterdir()] == ["secret"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert course_secret(tmp_path / "other") != found[0]


@given(st.text())
def test_ten_are_drawn_as_promised_whatever_the_name(name: str) -> None:
    stems = drawn(name, pool())
    assert len({stem.id for stem in stems}) == len(stems) == 10
    assert Counter(stem.difficulty for stem in stems) == {"easy": 3, "medium": 4, "hard": 3}
    topics = Counter(stem.topic for stem in stems)
    assert set(topics) == set(topics_of(pool())) and max(topics.values()) <= 2
    levels = [LEVELS.index(stem.difficulty) for stem in stems]
    assert levels == sorted(levels)
    assert stems == drawn(name, pool())


@given(st.text(max_size=20), st.text(max_size=20))
def test_students_draw_by_their_plain_names(one: str, other: str) -> None:
    alike = plain_name(one) == plain_name(other)
    assert (drawn(one, pool()) == drawn(other, pool())) == alike
    assert drawn(f" {one.upper()}@uni.example ", pool()) == drawn(one.upper(), pool())


def test_too_few_questions_are_said_to_be_too_few() -> None:
    for level in DRAWN:
        with pytest.raises(ValueError, match="too few questions"):
            drawn("anna", [stem for stem in pool() if stem.difficulty != level])
    assert sum(DRAWN.values()) == 10


def test_a_new_topic_is_drawn_and_counted_without_a_list_of_topics() -> None:
    new = [
        stem.model_copy(update={"topic": "serving", "id": f"{stem.id}-served"})
        for stem in pool()
        if stem.topic == "accuracy"
    ]
    stems = drawn("anna", [*pool(), *new])
    counts = Counter(stem.topic for stem in stems)
    assert len(stems) == 10 and set(counts) == {*topics_of(pool()), "serving"}
    assert max(counts.values()) == 2
    found = by_topic(stems, dict.fromkeys((stem.id for stem in stems), True))
    assert found["Serving"] == (counts["serving"], counts["serving"])
    assert "Model set-up" in found and "Fine-tuning" in found
