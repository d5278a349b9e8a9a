"""All that only graders run. Students never receive this package.

`authoring` builds and proves the course, `kernels` runs submissions contained, `examining` tries
answers from outside, `verdict` judges the fine-tuning run, `grading` ties them to nbgrader,
`sample` makes a class to try it all on, and `cli` is the command line. `exams` holds the hidden
tests. The modules beside these packages are the ground that all of them stand on.
"""
