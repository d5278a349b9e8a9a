"""All that only graders run: build, examiner, exams, the fine-tuning verdict, nbgrader plug-ins."""
