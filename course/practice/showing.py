"""How a question is shown: as HTML pieces for the widget, and as plain text where there is none."""

from __future__ import annotations

import ast
import html
import re
import textwrap
from typing import Any

from course.practice.kinds import BLANK, RATINGS
from course.practice.stems import LETTERS, Stem, blanks_in

KINDS = {
    "fill": "Fill the blanks",
    "choice": "Choose one",
    "several": "Choose all that are right",
    "predict": "Predict the output",
    "order": "Put the lines in order",
    "fix": "Find and fix the broken line",
    "find": "Find the broken line",
    "flashcard": "Recall",
}

#: A link in a sentence: what it says, and where it leads.
LINK = re.compile(r"\[([^]]+)\]\((https://[^)\s]+)\)")


def inline(text: str) -> str:
    """Return a sentence as HTML; `code`, **bold**, *emphasis* and [links](https://…) are marked up."""
    parts = re.split(r"(`[^`]+`)", text.strip())
    for place, part in enumerate(parts):
        safe = html.escape(part.strip("`") if place % 2 else part)
        if place % 2:
            parts[place] = f"<code>{safe}</code>"
        else:
            safe = LINK.sub(r'<a href="\2" target="_blank" rel="noopener">\1</a>', safe)
            safe = re.sub(r"\*\*(\S.*?)\*\*", r"<b>\1</b>", safe)
            safe = re.sub(r"(?<![\w*])\*(\w[^*]*)\*(?!\w)", r"<em>\1</em>", safe)
            parts[place] = safe.replace("\n\n", "<br><br>")
    return "".join(parts)


def shown_code(code: str) -> str:
    """Return what stands in the box for code as HTML: Python in colours, a table or log plain."""
    if not BLANK.search(code):
        try:
            ast.parse(code)
        except SyntaxError:
            return html.escape(code.rstrip("\n"))
    return highlighted(code)


def highlighted(code: str) -> str:
    """Return Python as HTML with Pygments' classes; a blank ⟦1⟧ becomes `<blank n="1">`."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    # To the lexer a blank must look like a name.
    named = BLANK.sub(r"BLANK_\1_HERE", code.rstrip("\n"))
    marked = highlight(named, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True))
    return re.sub(r"BLANK_(\d)_HERE", r'<blank n="\1"></blank>', marked.rstrip("\n"))


def option_html(stem: Stem, text: str) -> str:
    """Return an option as HTML: code where the kind's options are code, else a sentence."""
    if stem.kind in ("fill", "fix", "find"):
        return f"<pre>{highlighted(text)}</pre>"
    if stem.kind == "predict":
        return f"<pre>{html.escape(text)}</pre>"
    return inline(text)


def stem_view(stem: Stem) -> dict[str, Any]:
    """Return what the widget needs to show a question that is still open."""
    return {
        "id": stem.id,
        "kind": stem.kind,
        "kindWords": KINDS[stem.kind],
        "difficulty": stem.difficulty,
        "minutes": f"{stem.minutes:g}",
        "prompt": inline(stem.prompt),
        "code": shown_code(stem.code) if stem.code and stem.kind != "fix" else "",
        "codeLines": [highlighted(line) or " " for line in stem.code_lines]
        if stem.kind == "fix"
        else [],
        "options": [option_html(stem, text) for text in stem.options],
        "optionTexts": stem.options,
        "lines": [highlighted(line) for line in stem.lines],
        "lineTexts": stem.lines,
        "blanks": stem.blanks,
        "typed": stem.typed,
        "ratings": list(RATINGS) if stem.kind == "flashcard" else [],
    }


def as_text(stem: Stem, how: str = "answer") -> str:
    """Return a question as plain text, with the call `how` that answers it."""
    parts = [
        f"{KINDS[stem.kind]} · {stem.difficulty} · about {stem.minutes:g} min · {stem.id}",
        textwrap.fill(stem.prompt.strip(), 96),
    ]
    if stem.kind == "fix":
        lines = (f"{n:>3}  {line}" for n, line in enumerate(stem.code_lines, 1))
        parts.append("\n".join(lines))
    elif stem.code:
        parts.append(textwrap.indent(blanks_in(stem.code.rstrip()), "    "))
    for number, line in enumerate(stem.lines, 1):
        parts.append(f"{number:>3}  {line}")
    options = (
        f"  {letter}  {textwrap.indent(text, '     ').lstrip()}"
        for letter, text in zip(LETTERS, stem.options, strict=False)
    )
    parts.append("\n".join(options))
    example, note = _example(stem)
    parts.append(f'Answer: {how}("{stem.id}", {example}){note}')
    return "\n\n".join(part for part in parts if part)


def _example(stem: Stem) -> tuple[str, str]:
    """Return what an answer looks like, and what to say of its form."""
    match stem.kind:
        case "fill":
            several = "  # a letter for each blank" if stem.blanks > 1 else ""
            return f'"{LETTERS[: stem.blanks]}"', several
        case "several":
            return '"AB"', "  # all that are right"
        case "order":
            return '"' + " ".join(str(n) for n in range(len(stem.lines), 0, -1)) + '"', ""
        case "fix":
            return '(1, "A")', "  # the broken line, and its repair"
        case "flashcard":
            return '"good"', f"  # when you have said it: {', '.join(RATINGS)}"
        case _:
            return ('"…"', "  # what is printed") if stem.typed else ('"A"', "")
