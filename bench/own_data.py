"""Run lesson 07's training with and without the tail of long texts, and record what it finds.

The code that runs is the lesson's own: its solutions and the cell that holds its loop. Run it again
after a change of lesson, data, checkpoint or library; then read what the lesson's prose says of it
and `tests/test_lesson_07.py` holds.

    python bench/own_data.py --help
"""

from __future__ import annotations

import csv
import json
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from autograder.authoring.lessons import read_lesson
from autograder.cells import grade_id_of

ROOT = Path(__file__).parents[1]
RECORDED = ROOT / "course" / "measured" / "own_data.json"
LESSON = ROOT / "course" / "lessons" / "07-your-own-data.md"
CELLS = ("imports", "clean-rows", "split-rows", "class-weights", "head-and-tail")
#: What the arms do: whether long texts keep their tail, and whether classes are weighed.
ARMS = {
    "head": (False, False),
    "head and tail": (True, False),
    "head and tail, class weights": (True, True),
}


def lesson_code() -> dict[str, Any]:
    """Return the names that the lesson's solutions define."""
    cells = {grade_id_of(cell): cell.source for cell in read_lesson(LESSON).cells}
    names: dict[str, Any] = {"__name__": "lesson"}
    for grade_id in CELLS:
        exec(compile(cells[grade_id], grade_id, "exec"), names)
    names["loop"] = cells["see-loop"].partition("\n")[2].partition("\n\n\nweights = ")[0]
    return names


def main(
    output: Annotated[Path, typer.Option(help="The file to write.")] = RECORDED,
    name: Annotated[str, typer.Option(help="Whose file it is.")] = "Ada",
    seeds: Annotated[int, typer.Option(help="Runs of each arm.")] = 3,
    steps: Annotated[int, typer.Option(help="Optimizer steps.")] = 60,
    arms: Annotated[list[str] | None, typer.Option(help="Which arms; default: all.")] = None,
    resume: Annotated[bool, typer.Option(help="Keep the runs that the file has.")] = False,
) -> None:
    """Train every arm with every seed, and count what each finds in the rows held out."""
    lesson = lesson_code()
    with tempfile.TemporaryDirectory() as folder:
        path = lesson["own_csv"](name, Path(folder) / "messages.csv")
        with path.open(encoding="utf-8", newline="") as file:
            rows = lesson["clean_rows"](list(csv.DictReader(file)))
    parts = lesson["split_rows"](rows, seed=0)
    held_out = parts["validation"] + parts["test"]
    names = sorted({row["label"] for row in rows})
    truth = [names.index(row["label"]) for row in held_out]
    lesson |= {
        "names": names,
        "label_id": {one: place for place, one in enumerate(names)},
        "tokenizer": lesson["AutoTokenizer"].from_pretrained(lesson["checkpoint"]()),
        "MAX_LENGTH": 64,
    }
    exec(compile(lesson["loop"], "loop", "exec"), lesson)
    labels = [lesson["label_id"][row["label"]] for row in parts["train"]]
    weights = lesson["class_weights"](labels, len(names))
    whole = lesson["head_and_tail"]

    def head(tokenizer: Any, text: str, max_length: int) -> Any:
        return tokenizer(text, truncation=True, max_length=max_length)["input_ids"]

    counting = make_pipeline(TfidfVectorizer(), LogisticRegression(C=10, max_iter=1000))
    counting.fit(*zip(*((row["text"], row["label"]) for row in parts["train"]), strict=True))
    by_words = counting.predict([row["text"] for row in held_out])
    settings = {
        "name": name,
        "steps": steps,
        "torch": torch.__version__.partition("+")[0],
        "right_by_words": sum(
            row["label"] == said for row, said in zip(held_out, by_words, strict=True)
        ),
    }
    runs = json.loads(output.read_text(encoding="utf-8"))["runs"] if resume else []
    done = {(run["arm"], run["seed"]) for run in runs}
    for seed in range(seeds):
        for arm in arms or ARMS:
            if (arm, seed) in done:
                continue
            tail, weighed = ARMS[arm]
            lesson["head_and_tail"] = whole if tail else head
            started = time.monotonic()
            model = lesson["train_own"](
                lesson["new_model"](seed),
                parts["train"],
                weights if weighed else None,
                steps=steps,
                report=0,
            )
            seconds = time.monotonic() - started
            said = _answers(model, held_out, lesson["batch_of"])
            pairs = list(zip(truth, said, strict=True))
            runs.append(
                {
                    "arm": arm,
                    "seed": seed,
                    "seconds": round(seconds),
                    "found": {one: pairs.count((n, n)) for n, one in enumerate(names)},
                    "said": {one: said.count(n) for n, one in enumerate(names)},
                }
            )
            print(runs[-1], flush=True)
            _write(output, settings, {one: truth.count(n) for n, one in enumerate(names)}, runs)


def _answers(model: Any, rows: list[Any], batch_of: Any) -> list[int]:
    answers: list[int] = []
    with torch.no_grad():
        for start in range(0, len(rows), 32):
            batch = batch_of(rows[start : start + 32])
            del batch["labels"]
            answers += model(**batch).logits.argmax(dim=1).tolist()
    return answers


def _write(output: Path, settings: dict[str, Any], rows: dict[str, int], runs: list[Any]) -> None:
    """Write JSON with one run a line."""
    lines = ",\n".join(json.dumps(run) for run in runs)
    output.write_text(
        f'{{"settings": {json.dumps(settings)},\n"rows": {json.dumps(rows)},\n"runs": [\n{lines}\n]}}\n',
        encoding="utf-8",
    )


if __name__ == "__main__":
    typer.run(main)
