"""Practice questions as they stand on a page: to read, with hints and the answer behind a click."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from course.practice.places import asked_at
from course.practice.rounds import answer_html, bank
from course.practice.showing import inline, option_html, stem_view
from course.practice.stems import stem_of

#: The numbers of every visitor; in the notebook, each learner's are drawn.
SEED = 0


def questions_html(where: str) -> str:
    """Return the questions that the practice cell `where` ("01-tokenizing#quiz-batches") asks."""
    return "\n".join(_question_html(bank()[id]) for id in asked_at(where, bank()))


def _question_html(question: Any) -> str:
    variant = bank().variant(question, SEED)
    stem = stem_of(variant, SEED)
    view = stem_view(stem)
    head = f"{view['kindWords']} · {view['difficulty']} · about {view['minutes']} min"
    parts = [f'<p class="bc-head">{head}</p>', f"<p>{view['prompt']}</p>"]
    if view["code"]:
        parts.append(f"<pre>{view['code']}</pre>")
    if view["codeLines"]:
        numbered = (f"{n:>2}  {line}" for n, line in enumerate(view["codeLines"], 1))
        parts.append(f"<pre>{chr(10).join(numbered)}</pre>")
    lines = [f"<pre>{line}</pre>" for line in view["lines"]]
    parts += _listed(lines, "1") + _listed(view["options"], "A")
    for number, hint in enumerate(getattr(variant, "hints", []), 1):
        parts.append(_behind(f"Hint {number}", f"<p>{inline(hint)}</p>"))
    answer = [inline(variant.back)] if stem.kind == "flashcard" else _answer(stem, variant)
    parts.append(_behind("Answer", "\n".join(f"<div>{part}</div>" for part in answer)))
    body = re.sub(
        r'<blank n="(\d)"></blank>', r'<span class="bc-blank">\1</span>', "\n".join(parts)
    )
    # Sphinx colours what is in such a box, in both themes.
    body = re.sub(r"<pre>.*?</pre>", r'<div class="highlight">\g<0></div>', body, flags=re.S)
    return f'<section class="bc-question" id="{question.id}">\n{body}\n</section>'


def _answer(stem: Any, variant: Any) -> Iterator[str]:
    """Yield the right answer, the way to it, and what is wrong with each other option."""
    yield answer_html(stem, variant)
    yield from (inline(step) for step in variant.solution)
    if learn := getattr(variant, "learn", None):
        yield inline(f"To learn it: {learn}")
    others = [one for one in variant.tempting if one.feedback]
    if others:
        yield f"<b>{'The other options' if stem.options else 'Other answers'}</b>"
    for one in others:
        yield f'<div class="bc-other">{option_html(stem, one.text)} {inline(one.feedback)}</div>'


def _listed(items: list[str], kind: str) -> list[str]:
    """Return a list that is numbered by letters ("A") or numbers ("1"); nothing without `items`."""
    shown = "".join(f"<li>{item}</li>" for item in items)
    return [f'<ol type="{kind}">{shown}</ol>'] if items else []


def _behind(title: str, body: str) -> str:
    return f"<details><summary>{title}</summary>{body}</details>"
