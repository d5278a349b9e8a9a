"""The fine-tuning verdict: asks the model that comes back what only its run could teach.

Offers `task.FineTune` (the task of lesson 05), `bars` (what full marks ask for), `calibrate`.
A question is born with each run, so one accuracy decides, and nobody is ever accused.
Must not know: nbgrader, folders of a class, the rest of an exam.
"""
