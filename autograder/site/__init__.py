"""The course as a web site: lessons with their real outputs, practice questions, guides.

Offers `build_site`. A page shows a lesson as it is released, with the outputs of the solved one, so
that pictures are real and blanks stay blank. Sphinx makes the site; this package makes what it
reads. Must not know: exams, submissions, the gradebook.
"""
