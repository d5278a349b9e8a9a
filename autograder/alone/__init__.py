"""For learners without an instructor: the same exams, called from their own notebook.

Offers `learner` (what `grade_me`, `show_solution` and `lend` do in the self-learner's edition) and
`marks`, which shows results. Whoever learns alone may read exams and solutions, so nothing here is
hidden. Must not know: nbgrader, submissions, how a kernel is contained.
"""
