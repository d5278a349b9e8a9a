"""The fine-tuning verdict: asks the model that comes back what only its run could teach."""
