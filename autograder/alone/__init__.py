"""For learners without an instructor: the same exams, called from their own notebook.

Offers `learner` (what `grade_me`, `show_solution`, `lend` and `certificate` do in the self-learner's
edition), `marks`, which shows results, `certificate`, the page of them, and `challenge`, which runs
an attempt again. Whoever learns alone may read exams and solutions, so nothing here is hidden.
Must not know: nbgrader, submissions, how a kernel is contained.
"""
