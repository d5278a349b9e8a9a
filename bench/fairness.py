"""Count how often a right answer is refused and a wrong one accepted, over hundreds of draws.

Each recorded answer of a task is examined on new secrets, as hand-ins of so many students would be.
The counts go to `bench/results/fairness.json`, a lesson at a time; `docs/fairness.md` shows them.

    python bench/fairness.py run 01-tokenizing 04-accuracy --draws 200
    python bench/fairness.py publish
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, TypedDict

import typer
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from autograder.authoring.check_course import Tried, check_course
from autograder.authoring.faults import Fault
from autograder.course_paths import CoursePaths
from autograder.records import Outcome
from course.files import write_whole

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results" / "fairness.json"
PAGE = ROOT / "docs" / "fairness.md"

app = typer.Typer(help=__doc__, rich_markup_mode="markdown")


class Side(TypedDict):
    """What was tried of a task's right or wrong answers, and how often the exam was mistaken."""

    answers: int
    examined: int
    mistaken: int


class Counts(TypedDict):
    """One task; `otherwise` counts wrong answers that were refused with another mistake's message."""

    draws: int
    right: Side
    wrong: Side
    otherwise: int


def counts(tried: Iterable[Tried]) -> dict[str, Counts]:
    """Return the counts of each task, by its answer cell's id."""
    found: dict[str, Counts] = {}
    for one in tried:
        answer = one.trial.answer
        if answer.name == "not-attempted":
            continue
        of = found.setdefault(
            one.trial.task.answer_id,
            {
                "draws": 0,
                "right": {"answers": 0, "examined": 0, "mistaken": 0},
                "wrong": {"answers": 0, "examined": 0, "mistaken": 0},
                "otherwise": 0,
            },
        )
        of["draws"] = max(of["draws"], len(one.findings))
        side = of["right" if answer.right else "wrong"]
        side["answers"] += 1
        for finding in one.findings:
            passed = finding.outcome is Outcome.PASSED
            side["examined"] += 1
            side["mistaken"] += passed != answer.right
            of["otherwise"] += not (answer.right or passed or finding.misconception == answer.name)
    return found


def at_most(mistaken: int, examined: int) -> float:
    """Return the exact one-sided 95 % bound of a rate (Clopper and Pearson)."""
    from scipy.stats import beta

    return float(beta.ppf(0.95, mistaken + 1, examined - mistaken)) if mistaken < examined else 1.0


def table(results: dict[str, dict[str, Counts]]) -> str:
    """Return the table of all tasks, and its last row over all of them, in Markdown."""
    head = (
        "| lesson | task | draws | right answers | refused | wrong answers | accepted | "
        "told as another mistake |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |\n"
    )
    rows, sums = [], {"right": [0, 0, 0], "wrong": [0, 0, 0]}
    otherwise = 0
    for lesson, tasks in sorted(results.items()):
        for task, of in sorted(tasks.items()):
            cells = [lesson, f"`{task}`", str(of["draws"])]
            for name in ("right", "wrong"):
                side: Any = of[name]  # type: ignore[literal-required]
                cells += [str(side["answers"]), f"{side['mistaken']} of {side['examined']:,}"]
                for place, key in enumerate(("answers", "mistaken", "examined")):
                    sums[name][place] += side[key]
            cells.append(str(of["otherwise"]))
            otherwise += of["otherwise"]
            rows.append(f"| {' | '.join(cells)} |")
    last = ["**all**", "", ""]
    for answers, mistaken, examined in sums.values():
        last += [
            str(answers),
            f"{mistaken} of {examined:,} (at most {at_most(mistaken, examined):.2%})",
        ]
    return head + "\n".join([*rows, f"| {' | '.join([*last, str(otherwise)])} |"]) + "\n"


def read_results() -> dict[str, dict[str, Counts]]:
    """Return what was counted so far, by lesson and task."""
    return json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}


@app.command()
def run(
    lessons: Annotated[list[str], typer.Argument(help="Names such as 01-tokenizing.")],
    draws: Annotated[int, typer.Option(min=1, help="Secrets for each answer.")] = 200,
    jobs: Annotated[int | None, typer.Option(min=1, help="Default: all cores.")] = None,
    task: Annotated[str | None, typer.Option(help="Only the answers to this function.")] = None,
) -> None:
    """Examine every recorded answer of these lessons on so many draws, and keep the counts.

    With `--task`, the counts of a lesson's other tasks stay as they are.
    """
    for lesson in lessons:
        started = time.monotonic()
        faults, tried = _checked(lesson, draws, jobs, task)
        results = read_results()
        results[lesson] = (results.get(lesson, {}) if task else {}) | counts(tried)
        write_whole(RESULTS, json.dumps(results, indent=1, sort_keys=True) + "\n")
        for fault in faults:
            print(f"{fault.where}: {fault.kind}: {fault.detail}")
        print(f"{lesson}: {len(faults)} faults, {time.monotonic() - started:.0f} s")


def _checked(
    lesson: str, draws: int, jobs: int | None, task: str | None
) -> tuple[list[Fault], list[Tried]]:
    columns = (TextColumn("{task.description}"), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as bar:
        row = bar.add_task(lesson, total=None)

        def progress(done: int, total: int, what: str) -> None:
            bar.update(row, completed=done, total=total)

        return check_course(
            CoursePaths(ROOT), [lesson], jobs=jobs, draws=draws, task=task, progress=progress
        )


@app.command()
def publish() -> None:
    """Write the counts into the page between its two marks."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition("<!-- counts -->\n")
    _, _, after = rest.partition("<!-- end -->")
    write_whole(PAGE, f"{before}<!-- counts -->\n{table(read_results())}<!-- end -->{after}")


if __name__ == "__main__":
    app()
