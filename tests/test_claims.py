"""Every cause that a lesson names has a run: a marker behind the sentence says which one.

`<!-- run: NAME -->` names a claim that `bench/claims.py` measured, or a test that shows it; values
after it, as in `; mean cosine to it = .82`, stand in the sentence as they were measured.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer, BertForSequenceClassification, GPT2Config

from autograder.authoring.times import course_minutes, in_words, lesson_minutes
from autograder.authoring.ways import ELSEWHERE, ways_table
from autograder.course_paths import CoursePaths
from course import checkpoint
from course.practice.places import lessons

ROOT = Path(__file__).resolve().parent.parent
LESSONS = {path.stem: path.read_text("utf-8") for path in ROOT.glob("course/lessons/*.md")}
MEASURED: dict[str, Any] = json.loads((ROOT / "course/measured/claims.json").read_text("utf-8"))
MARKER = re.compile(r"<!-- run: (\S+?)((?:; [^;]+? = [^;]+?)*) -->")
STATISTICS = {"mean": fmean, "min": min, "max": max, "first": lambda values: values[0]}
#: A cause in running text; lists of common mistakes and tables are proved by recorded answers.
CAUSE = re.compile(r"\bbecause\b|\btherefore\b|\bhence\b|that is why|which is why", re.IGNORECASE)


def load_bench(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"bench_{name}", ROOT / "bench" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CLAIMS = load_bench("claims").CLAIMS


def markers() -> Iterator[tuple[str, str, str, str]]:
    """Yield for each marker: lesson, name, values, and the text since the blank line before it."""
    for lesson, text in LESSONS.items():
        for found in MARKER.finditer(text):
            # A marker of its own belongs to the block above it, such as a table.
            before = text[: found.start()].rstrip().rpartition("\n\n")[2]
            yield lesson, found[1], found[2], before


def paragraphs(text: str) -> Iterator[str]:
    """Yield the paragraphs of a lesson that are neither code, table, list item nor hint."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    prose = re.sub(r"<details>.*?</details>", "", prose, flags=re.S)
    for paragraph in re.split(r"\n\s*\n", prose):
        if not paragraph.lstrip().startswith(("|", "-", "*", "#", ">")):
            yield paragraph


def names_of_tests() -> set[str]:
    return {
        name
        for path in ROOT.glob("tests/test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.M)
    }


def test_every_marker_names_a_measured_claim_or_a_test() -> None:
    known = names_of_tests()
    for lesson, name, values, before in markers():
        assert name in CLAIMS or name in known, f"{lesson}: {name}"
        assert before.strip(), f"{lesson}: {name} stands behind nothing"
        for value in values.split("; ")[1:]:
            what, _, said = value.rpartition(" = ")
            statistic, _, key = what.partition(" ")
            measured = STATISTICS[statistic]([run[key] for run in MEASURED[name]["runs"]])
            assert said in before, f"{lesson}: {name} says {said} nowhere"
            digits = len(said.partition(".")[2])
            assert abs(measured - float(said)) <= 0.5001 * 10**-digits, (
                f"{lesson}: {what} is {measured}"
            )


def test_no_marker_is_mistyped() -> None:
    for lesson, text in LESSONS.items():
        assert text.count("<!-- run") == len(MARKER.findall(text)), lesson


@pytest.mark.parametrize("name", CLAIMS)
def test_what_was_measured_shows_the_claim(name: str) -> None:
    claim, recorded = CLAIMS[name], MEASURED[name]
    assert recorded["says"] == claim.says
    assert len(recorded["runs"]) == claim.seeds
    assert claim.holds(recorded["runs"])
    assert any(name == other for _, other, _, _ in markers()), "no lesson claims it"


def test_every_cause_in_running_text_has_its_run() -> None:
    bare = [
        f"{lesson}: {' '.join(paragraph.split())[:90]}"
        for lesson, text in LESSONS.items()
        for paragraph in paragraphs(text)
        if CAUSE.search(paragraph) and not MARKER.search(paragraph)
    ]
    assert bare == []


def test_the_times_that_lessons_state_are_computed() -> None:
    paths = CoursePaths(ROOT)
    for lesson in paths.lessons_with_code():
        said = lesson_minutes(paths, lesson).said
        assert said in " ".join(LESSONS[lesson].split()), f"{lesson}: {said}"


def test_lesson_00_says_how_long_each_lesson_takes() -> None:
    paths, text = CoursePaths(ROOT), LESSONS["00-orientation"]
    minutes = course_minutes(paths)
    for name, lesson in lessons().items():
        row = f"| {name[:2]} · {lesson.title.partition(':')[0]} |"
        if not name.startswith("00"):
            (said,) = (line for line in text.splitlines() if line.startswith(row))
            assert said.endswith(f" | {in_words(minutes[name])} |"), in_words(minutes[name])
    assert f"about {in_words(30 * round(sum(minutes.values()) / 30))} in all" in text


# What the markers name that no other test shows.


def test_auto_reads_the_checkpoint(tmp_path: Path) -> None:
    GPT2Config().save_pretrained(tmp_path)
    (tmp_path / "vocab.json").write_text('{"<|endoftext|>": 0, "a": 1}', encoding="utf-8")
    (tmp_path / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
    kinds = {type(AutoTokenizer.from_pretrained(one)).__name__ for one in (tmp_path, checkpoint())}
    assert len(kinds) == 2 and "BertTokenizer" in kinds


def test_the_head_is_drawn_while_it_is_loaded() -> None:
    def heads(*, seed_first: bool) -> list[torch.Tensor]:
        found = []
        for chance in (1, 2):
            torch.manual_seed(0 if seed_first else chance)
            model = BertForSequenceClassification.from_pretrained(checkpoint(), num_labels=2)
            torch.manual_seed(0)
            found.append(model.classifier.weight)
        return found

    assert torch.equal(*heads(seed_first=True))
    assert not torch.equal(*heads(seed_first=False))


def test_adamw_cancels_the_size_of_gradients_and_sgd_does_not() -> None:
    def moved(kind: type[torch.optim.Optimizer], size: float) -> float:
        weight = torch.nn.Parameter(torch.tensor(0.0))
        weight.grad = torch.tensor(size)
        kind([weight], lr=0.01).step()  # type: ignore[call-arg]
        return abs(weight.item())

    assert moved(torch.optim.AdamW, 1e3) == pytest.approx(moved(torch.optim.AdamW, 1.0), rel=1e-3)
    assert moved(torch.optim.SGD, 1e3) == pytest.approx(1e3 * moved(torch.optim.SGD, 1.0))


def test_the_table_of_ways_leads_to_headings_that_are_there() -> None:
    for lesson in CoursePaths(ROOT).lessons_with_code():
        table = ways_table(ROOT / "course" / "lessons" / f"{lesson}.md")
        assert f"\n\n{table}\n\n{ELSEWHERE}\n" in LESSONS[lesson], f"{lesson}:\n{table}"
