"""The one place where nbgrader is told to use our plug-ins."""

import sys
from pathlib import Path

root = str(Path(__file__).resolve().parent)
if Path(root, "autograder", "__init__.py").is_file() and root not in sys.path:
    # A clone is graded by its own packages, whichever clone they were installed from.
    sys.path.insert(0, root)

from autograder.grading.plugins import use

c = get_config()
use()  # nbgrader has no setting for the classes of its converter and of formgrader's pages

c.CourseDirectory.course_id = "bert-classroom"
c.CourseDirectory.root = root

# Release: solutions become this stub, hidden tests and mark schemes are removed, as nbgrader does it;
# what only authors need goes too. `release/` is part of the repository and always made from
# `source/`; not written again, it would not enter the gradebook.
c.GenerateAssignment.force = True
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError()"}
c.GenerateAssignment.preprocessors = [
    "autograder.authoring.forget_author.ForgetAuthor",
    "nbgrader.preprocessors.IncludeHeaderFooter",
    "nbgrader.preprocessors.InstantiateTests",
    "nbgrader.preprocessors.LockCells",
    "nbgrader.preprocessors.ClearSolutions",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.CheckCellMetadata",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.SaveCells",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "nbgrader.preprocessors.ComputeChecksums",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# Collecting from Moodle, Canvas and Blackboard; the mastery test's answers lie beside its notebook.
c.ZipCollectApp.collector_plugin = "autograder.grading.plugins.collect.LmsCollector"
c.FileNameCollectorPlugin.valid_ext = [".ipynb", ".json"]

# Feedback through the exchange, also where some work came another way.
c.ExchangeFactory.release_feedback = "autograder.grading.plugins.feedback.ReleaseFeedback"

# Grading: submissions are taken in and repaired, their cells run, the graded ones are examined from
# outside. An assignment without an exam of ours is graded by nbgrader's own preprocessors; only the
# kernel is ours.
c.Autograde.autograde_preprocessors = [
    "autograder.grading.plugins.contained.ContainedExecute",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# Feedback: one page a student. What hidden tests and mark schemes hold is taken out of its notebook.
c.GenerateFeedback.exporter_class = "autograder.grading.plugins.feedback_page.FeedbackExporter"
c.GenerateFeedback.preprocessors = [
    "autograder.grading.plugins.feedback_page.HideTests",
    "autograder.grading.plugins.feedback_page.HideMarkScheme",
    "autograder.grading.plugins.feedback_page.ExplainMarks",
]
c.ExplainMarks.course_root = root

c.ExamExecute.course_root = root
c.ExamExecute.timeout = 60
# A kernel that does not come to rest after an interrupt must not fail the whole submission.
c.ContainedExecute.raise_on_iopub_timeout = False
c.ContainedExecute.shutdown_kernel = "immediate"

# Submissions run contained; what one of them may use, with all that it starts. Further files that
# submissions read, such as a dataset, are named in c.ZygoteProvisioner.readable; a checkpoint's
# folder in the environment variable BERT_CLASSROOM_CHECKPOINT.
c.ContainedExecute.contained = True
c.ZygoteProvisioner.memory = 4096  # MiB
c.ZygoteProvisioner.disk = 2048  # MiB; four checkpoints of a Trainer take 1,100
c.ZygoteProvisioner.wall_seconds = 1200
