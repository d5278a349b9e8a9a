"""The examiner: tries a student's function from outside its process and judges the result.

Offers `exam` (what a task is), `examiner.examine`, the processes that can be examined, and the
marking of the mastery test. Only `responder` runs beside the student's code, and it knows no test.
Must not know: nbgrader, folders of a class, how a kernel is contained.
"""
