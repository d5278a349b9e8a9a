"""Courses of an instructor's own: their folder, their students, their dates.

Offers `new_course.make_course`, the readers of rosters and due dates, and `extensions.extend`. What
it makes is nbgrader's: a configuration, source notebooks and a gradebook.
Must not know: submissions, how they are graded, how the command line looks.
"""
