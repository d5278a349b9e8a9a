"""Progress: what is solved in each lesson, which cards are due, and badges."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from course.practice import drive
from course.practice.journal import Entries, Journal
from course.practice.places import WAYS, lessons
from course.practice.questions import Bank
from course.practice.recall import is_due

#: JupyterLab sets tables to the right.
LEFT = 'style="text-align:left;white-space:nowrap;padding-right:1.5em"'


@dataclass(frozen=True)
class Row:
    """One line of the panel: tasks passed, questions solved, cards that are due, points."""

    name: str
    solved: int
    total: int
    due: int = 0
    tasks: str = ""
    marks: str = ""


@dataclass(frozen=True)
class Badge:
    """A goal; it is reached when `have` equals `need`."""

    name: str
    how: str
    have: int
    need: int

    @property
    def reached(self) -> bool:
        return self.have >= self.need > 0


@dataclass(frozen=True)
class Panel:
    """A table of progress that shows itself in a notebook and in a plain terminal."""

    title: str
    rows: Sequence[Row]
    badges: Sequence[Badge]
    where: str

    def __repr__(self) -> str:
        width = max(len(row.name) for row in self.rows)
        lines = [self.title]
        for row in self.rows:
            said = [f"{row.tasks} tasks passed"] if row.tasks else []
            said += [f"{row.solved} of {row.total} solved"] if row.total else []
            said += [f"{row.due} due for recall"] if row.due else []
            said += [f"{row.marks} points"] if row.marks else []
            lines.append(f"  {row.name:{width}}  {', '.join(said)}")
        lines += [f"  ★ {one.name}: {one.how}" for one in self.badges if one.reached]
        lines += [
            f"  ☆ {one.name}: {one.how} ({one.have} of {one.need})"
            for one in self.badges
            if not one.reached
        ]
        return "\n".join([*lines, f"  Kept in {self.where}."])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><th scope="row" {LEFT}>{html.escape(row.name)}</th>'
            f"<td {LEFT}>{row.tasks}</td><td {LEFT}>{row.marks}</td>"
            + (
                f'<td {LEFT}><progress max="{row.total}" value="{row.solved}" '
                f'aria-label="{html.escape(row.name)}"></progress> {row.solved} of {row.total}</td>'
                if row.total
                else "<td></td>"
            )
            + f"<td {LEFT}>{row.due or ''}</td></tr>"
            for row in self.rows
        )
        badges = "".join(
            f'<li title="{html.escape(one.how)}">{"★" if one.reached else "☆"} '
            f"<b>{html.escape(one.name)}</b>: {html.escape(one.how)}"
            f"{'' if one.reached else f' ({one.have} of {one.need})'}</li>"
            for one in self.badges
        )
        return (
            f"<div><b>{html.escape(self.title)}</b><table><thead><tr>"
            f'<th scope="col" {LEFT}>Section</th><th scope="col" {LEFT}>Tasks passed</th>'
            f'<th scope="col" {LEFT}>Points</th><th scope="col" {LEFT}>Practice solved</th>'
            f'<th scope="col" {LEFT}>Due for recall</th></tr></thead>'
            f'<tbody>{rows}</tbody></table><ul style="list-style:none;padding:0">{badges}</ul>'
            f"<small>Kept in {html.escape(self.where)}.</small></div>"
        )


def panel(bank: Bank, journal: Journal, lesson: str | None = None) -> Panel:
    """Return the panel of one lesson, by ways of practising, or of the whole course, by lessons."""
    entries = journal.read()
    if lesson is None:
        rows = [
            _row(
                f"{name[:2]} {one.title.partition(':')[0]}",
                [q for q in bank if q.lesson.startswith(f"{name}#")],
                entries,
                one.tasks,
            )
            for name, one in lessons().items()
        ]
        every = [task for one in lessons().values() for task in one.tasks]
        total = _row("The whole course", list(bank), entries, every)
        return Panel("Your progress", [*rows, total], badges(bank, entries), where(journal))
    mine = [q for q in bank if q.lesson.startswith(f"{lesson}#")]
    rows = [
        _row(way.capitalize(), [q for q in mine if q.kind in kinds], entries)
        for way, kinds in WAYS.items()
    ]
    tasks = _row("Tasks", [], entries, lessons()[lesson].tasks)
    rows = [tasks, *(row for row in rows if row.total)]
    title = f"Your progress in lesson {lesson[:2]}"
    return Panel(title, rows, badges(mine, entries), where(journal))


def where(journal: Journal) -> str:
    """Return where the journal is, and whether it stays on this machine."""
    in_drive = journal.path.is_relative_to(drive.MOUNT)
    return f"{journal.path}{'' if in_drive else ', on this machine only'}"


def _row(name: str, questions: Sequence[Any], entries: Entries, tasks: Sequence[str] = ()) -> Row:
    cards = [q for q in questions if q.kind == "flashcard"]
    started = [entries.of(q.id).card for q in cards if entries.of(q.id).card]
    solved = sum(entries.of(q.id).solved for q in questions)
    known = [entries.task(task) for task in tasks]
    passed = f"{sum(one.passed for one in known)} of {len(known)}" if known else ""
    best = sum(one.max_points for one in known)
    marks = f"{sum(one.points for one in known):g} of {best:g}" if best else ""
    due = sum(is_due(card) for card in started)
    return Row(name, solved, len(questions), due, passed, marks)


def badges(questions: Any, entries: Entries) -> list[Badge]:
    """Return the badges that `questions` give, reached or not."""
    asked = [q for q in questions if q.kind != "flashcard"]
    cards = [q for q in questions if q.kind == "flashcard"]
    states = [entries.of(q.id) for q in asked]
    known = sum(not is_due(entries.of(q.id).card) for q in cards)
    hard = [entries.of(q.id).solved for q in asked if q.difficulty == "hard"]
    return [
        Badge("All solved", "every question right once", sum(s.solved for s in states), len(asked)),
        Badge("At once", "half of them right at once", *_half([s.at_once for s in states])),
        Badge("Hard ones", "every hard question right once", sum(hard), len(hard)),
        Badge("Recalled", "all cards known, none due", known, len(cards)),
    ]


def _half(reached: Sequence[bool]) -> tuple[int, int]:
    need = (len(reached) + 1) // 2
    return min(sum(reached), need), need
