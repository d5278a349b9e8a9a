"""Everything that only graders run. A class never receives this package.

`authoring` builds and proves the course, `kernels` runs submissions in a sandbox, `examining` tries
answers from outside, `verdict` judges the fine-tuning run, `grading` connects them to nbgrader,
`sample` makes a class to try it all on, `alone` is for learners without an instructor, and `cli` is
the command line. `exams` holds the hidden tests. All packages build on the modules next to them.
"""
