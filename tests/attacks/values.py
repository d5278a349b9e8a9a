"""Attacks by what a function returns or raises: values that lie, and texts that cannot be written.

What crosses is plain data, made by reading the value once in the student's process. A class's
manners (`__eq__`, `__len__`, `shape`) stay behind; only what was read is judged.
"""

from __future__ import annotations

from attacks.base import Attack, coded


def _returned(name: str, story: str, source: str, says: str, *, points: float = 3) -> Attack:
    return coded(name, "values", story, source, says=says, points=points)


LYING = (
    _returned(
        "text-that-equals-all",
        "Keys of a text class that equals whatever is looked up pass tests that only compare.",
        """
class Any(str):
    def __eq__(self, other):
        return True
    __hash__ = str.__hash__
def count_words(text):
    return {Any("the"): 1}
""",
        "wrong-counts",
    ),
    _returned(
        "number-that-equals-all",
        "Counts of a number class that equals every other number pass assertEqual.",
        """
class Many(int):
    def __eq__(self, other):
        return True
    __hash__ = int.__hash__
def count_words(text):
    return {word.upper(): Many(1) for word in text.split()}
""",
        "wrong-counts",
    ),
    _returned(
        "not-a-number-for-a-count",
        "NaN differs from itself, which fails tests written as `if difference > tolerance`.",
        """
def count_words(text):
    return {"the": float("nan"), "cat": float("inf"), "sat": -float("inf")}
""",
        "wrong-counts",
    ),
    _returned(
        "number-beyond-bounds",
        "An integer class that claims to be small brings a hundred thousand digits across.",
        """
import sys
sys.set_int_max_str_digits(0)
class Small(int):
    def __ge__(self, other):
        return True
    def __gt__(self, other):
        return True
    def __lt__(self, other):
        return True
    def __le__(self, other):
        return True
def count_words(text):
    return {"the": Small(10 ** 100_000)}
""",
        "unreadable-reply",
    ),
    _returned(
        "list-without-end",
        "A list whose iterator never stops keeps whoever copies it busy for ever.",
        """
class Endless(list):
    def __iter__(self):
        while True:
            yield 1
def count_words(text):
    return Endless()
""",
        "timeout",
    ),
    _returned(
        "generator-without-end",
        "A generator of words is asked for all of them by graders that call list() on results.",
        """
def count_words(text):
    while True:
        yield "the"
""",
        "wrong-type",
    ),
    _returned(
        "class-that-lies-about-its-shape",
        "An object with the attributes of an array passes graders that look at shape and dtype.",
        """
class Array:
    shape, dtype, ndim, size = (2,), "float32", 1, 2
    def __array__(self, *args, **options):
        return self
    def __len__(self):
        return 2**31
def count_words(text):
    return Array()
""",
        "wrong-type",
    ),
    _returned(
        "array-that-lies-about-its-shape",
        "An array class with a shape of its own passes tests that only look at shapes.",
        """
import numpy
class Shaped(numpy.ndarray):
    shape = property(lambda self: (2, 3, 4), lambda self, value: None)
    def __eq__(self, other):
        return True
def count_words(text):
    return numpy.array(["the", "cat"]).view(Shaped)
""",
        "wrong-type",
    ),
    _returned(
        "mapping-that-answers-everything",
        "A mapping that has every key and counts each as right satisfies lookups one by one.",
        """
class Everything(dict):
    def __contains__(self, key):
        return True
    def __missing__(self, key):
        return 1
    def __len__(self):
        return 7
def count_words(text):
    return Everything()
""",
        "wrong-counts",
    ),
    _returned(
        "contains-itself",
        "A dictionary that holds itself sends a recursive comparison to the end of the stack.",
        """
def count_words(text):
    result = {}
    result["the"] = result
    return result
""",
        "wrong-counts",
    ),
    _returned(
        "callable-that-is-another",
        "A callable object whose signature and name are those of the reference solution.",
        """
class Function:
    __name__ = __qualname__ = "count_words"
    __module__ = "autograder.examiner"
    def __call__(self, *args, **options):
        return {"passed": 2}
count_words = Function()
""",
        "wrong-counts",
    ),
    _returned(
        "remembers-between-calls",
        "Whoever asks the same question twice can be answered from the first time.",
        """
asked = []
def count_words(text):
    asked.append(text)
    return {"the": len(asked)}
""",
        "wrong-counts",
    ),
)

#: A lone surrogate is a text in Python and in JSON, but in no encoding: writing it down fails.
HALF = "half-characters"

HALVES = (
    coded(
        "raises-half-a-character",
        HALF,
        "An error's text that no encoding takes stops the grader where it records the error.",
        'def count_words(text):\n    raise ValueError("before \\ud800 behind")\n',
        says="raised",
    ),
    coded(
        "half-a-character-for-a-class",
        HALF,
        "The name of a value's type goes into the message to the student; this one is no text.",
        """
class Odd:
    __module__ = "\\ud800"
def count_words(text):
    return Odd()
""",
        says="wrong-type",
    ),
    coded(
        "half-a-character-for-an-error",
        HALF,
        "The reply names an exception type that only exists in the reply.",
        r"""
import course.plain
honest_pack = course.plain.pack
def count_words(text):
    raise LookupError
def pack(value):
    if value.get("raised", {}).get("type") == "LookupError":
        return b'{"dict": [["raised", {"dict": [["type", "\\ud800"], ["text", ""], ["line", ""]]}]]}\n'
    return honest_pack(value)
course.plain.pack = pack
""",
        says="raised",
        evidence=r"`count_words` raised",
    ),
    coded(
        "control-characters",
        HALF,
        "Zero bytes and terminal commands in a message garble logs, databases and XML.",
        'def count_words(text):\n    raise ValueError("\\x00\\x1b[2J\\x1b]0;2 of 2\\x07\\u202e\\ufffe")\n',
        says="raised",
    ),
    coded(
        "message-that-is-a-page",
        HALF,
        "A message is shown on the feedback page; this one closes the page's tags and opens others.",
        """
def count_words(text):
    raise ValueError("</pre></div><script>document.body.textContent = '5 of 5'</script>")
""",
        says="raised",
    ),
    coded(
        "message-that-is-a-template",
        HALF,
        "Feedback and logs are made from templates; a message may be one itself.",
        """
def count_words(text):
    raise ValueError("{{ 7 * 7 }} {% raw %} %s %(message)s {0.__class__} [bold]$(id)`id`")
""",
        says="raised",
    ),
)

ATTACKS = LYING + HALVES
