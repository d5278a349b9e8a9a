"""Practice: the question bank, and what asks its questions in a notebook."""
