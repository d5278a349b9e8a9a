"""What is imported once, before the processes that use it are forked.

Only imports: a process that has computed in several threads cannot be forked safely.
"""

from __future__ import annotations

import pkgutil

import course.checks

#: What notebooks of this course import. transformers loads its parts only when they are named,
#: and the part that a model needs takes over a second.
NOTEBOOKS = (
    "IPython.display", "torch", "torch.utils.data", "transformers.models.bert.modeling_bert",
    "transformers.models.bert.tokenization_bert", "transformers.models.auto.tokenization_auto",
    "transformers.models.auto.modeling_auto", "transformers.optimization",
    "transformers.data.data_collator", "autograder.examining.older_arguments", "datasets",
    "sklearn.metrics", "safetensors.torch",
    "matplotlib.figure", "matplotlib.backends.backend_agg", "ipywidgets", "pyarrow.csv", "pandas",
    "course", "course.checks", "course.reviews", "course.plain", "pyarrow.compute", "pyarrow.ipc",
    *(f"course.checks.{module.name}" for module in pkgutil.iter_modules(course.checks.__path__)),
)  # fmt: skip

#: What workers, who examine and judge, need besides what the notebooks do.
WORKERS = (
    "autograder.kernels.faster_imports", "autograder.examining.processes",
    "autograder.grading.workers", "autograder.grading.plugins.execute",
)  # fmt: skip
