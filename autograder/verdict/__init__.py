"""The fine-tuning verdict: proves that a model was trained in this run, and how well."""
