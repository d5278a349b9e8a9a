"""From `submitted/` to the gradebook, by nbgrader's own autograde.

Offers `grade` (executes several submissions at once, then records their marks), the `store` of
results, nbgrader's `plugins`, and the class page. A submission is taken in once (`intake`).
Must not know: lesson texts, recorded answers, how the command line looks.
"""
