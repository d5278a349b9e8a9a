"""What a notebook asks for: broken runs that show themselves, and what a diagnosis is told."""

from __future__ import annotations

import html
import math
import os
from dataclasses import dataclass

from course.diagnosis.runs import Run, fault_titles, practised, run_of
from course.pictures.base import BLUE, GREY, ORANGE, Picture, new_figure

#: Every so many steps of a log are shown as a row.
EVERY = 4


@dataclass(frozen=True)
class Told:
    """Text that shows itself as it is, with a mark where something is right or wrong."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<pre style="white-space:pre-wrap">{html.escape(self.text)}</pre>'


@dataclass(frozen=True)
class Shown:
    """A run as a notebook and a terminal show it."""

    run: Run

    def __repr__(self) -> str:
        return as_text(self.run)

    def _repr_html_(self) -> str:
        return as_html(self.run)

    @property
    def script(self) -> str:
        return self.run.script


def broken_run(name: str = "") -> Shown | Told:
    """Return the run of the student `name`, as handed in; on a JupyterHub the name is known."""
    name = name.strip() or os.environ.get("JUPYTERHUB_USER", "").strip()
    if not name:
        return Told(
            "Between the quotes, write the name under which you hand in your work, as in "
            'broken_run("anna"). Your run is drawn from it.'
        )
    return Shown(run_of(name))


def practice_run(number: int) -> Shown:
    """Return a run to practise on; raises LookupError with the numbers that there are."""
    return Shown(practised(number)[0])


def faults() -> Told:
    """Return all faults by name, with what each is."""
    width = max(map(len, fault_titles()))
    return Told("\n".join(f"{name:{width}}  {title}" for name, title in fault_titles().items()))


def diagnose(number: int, *, line: int, fault: str) -> Told:
    """Say whether a diagnosis of a practice run is right; raises LookupError for other runs."""
    _, answer = practised(number)
    line_right, fault_right = line in answer.lines, fault.strip() == answer.fault
    if fault.strip() not in fault_titles():
        return Told(f"✗ No fault is called {fault!r}. faults() lists them all.")
    if line_right and fault_right:
        return Told(f"✓ Run {number}: line {line}, {answer.fault}. {answer.why}")
    right = "The line is right." if line_right else "The fault is right." if fault_right else ""
    wrong = "its name is not" if line_right else "its line is not" if fault_right else ""
    words = f"{right[:-1]}, {wrong}." if right else "Neither line nor fault is right."
    return Told(f"✗ Run {number}: {words} {answer.hint}")


def as_text(run: Run) -> str:
    """Return a run in words: its script with line numbers, and its log."""
    script = "\n".join(f"{number:3} {line}" for number, line in enumerate(run.lines, 1))
    return f"Run {run.number}\n\n{script}\n\n{log_text(run)}"


def log_text(run: Run) -> str:
    """Return the log: every fourth step and the last one, then what came of it."""
    steps = run.log.steps
    rows = ["step    loss   learning rate   norm of the gradients"]
    for number, (loss, rate, norm) in enumerate(steps, 1):
        if number % EVERY == 1 or number == len(steps):
            rows.append(
                f"{number:4} {_cell(loss, 7, '.4f')} {_cell(rate, 15, '.2e')} {_cell(norm, 10, '.3f')}"
            )
    first = steps[0][0] if steps else None
    return "\n".join(
        [
            *rows,
            f"first loss {_cell(first, 0, '.4f')}, and again with the same seed "
            f"{_cell(run.log.again, 0, '.4f')}",
            f"accuracy of the model that came back: {run.log.training_accuracy:.3f} on 200 training "
            f"reviews, {run.log.validation_accuracy:.3f} on 200 others",
        ]
    )


def _cell(value: float | None, width: int, form: str) -> str:
    return f"{'–' if value is None else format(value, form):>{width}}"


def as_html(run: Run) -> str:
    """Return a run as it is shown in a notebook: script, picture of the log, and log."""
    script = "\n".join(
        f'<span style="opacity:.55;user-select:none">{number:3} </span>{html.escape(line)}'
        for number, line in enumerate(run.lines, 1)
    )
    return (
        # Copied as it is, without the numbers; long lines are scrolled, not broken.
        f'<b>Run {run.number}</b><pre style="white-space:pre;overflow-x:auto">{script}</pre>'
        f"{log_picture(run)._repr_html_()}<pre>{html.escape(log_text(run))}</pre>"
    )


def log_picture(run: Run) -> Picture:
    """Show loss and learning rate of each step."""
    figure, (left, right) = new_figure(9, 2.8, 2)
    steps = range(1, len(run.log.steps) + 1)
    losses = [loss if loss is not None else math.nan for loss, _, _ in run.log.steps]
    rates = [rate if rate is not None else math.nan for _, rate, _ in run.log.steps]
    left.axhline(math.log(2), color=GREY, linestyle=":", label="guessing: ln 2")
    left.plot(steps, losses, color=BLUE)
    left.set(xlabel="step", title="Training loss")
    left.legend(loc="best")
    right.plot(steps, rates, color=ORANGE)
    right.set(xlabel="step", title="Learning rate")
    right.ticklabel_format(axis="y", style="sci", scilimits=(0, 0))
    return Picture(
        figure, f"Loss and learning rate of run {run.number}; the numbers are in the log."
    )
