"""A sample class: realistic submissions, with the marks that each must get.

Offers `classroom` (right, wrong, broken and hostile submissions) and `demo` (a course of its own
to try it in). Used by `autograder demo`, by tests and by the benchmark.
Must not know: how grading works inside.
"""
