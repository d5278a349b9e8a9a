"""Courses of an instructor's own: their folder, their students, their dates.

Offers `new_course.make_course`, the reader of rosters and the reader of due dates. What it makes is
nbgrader's: a configuration, source notebooks and a gradebook.
Must not know: submissions, how they are graded, how the command line looks.
"""
