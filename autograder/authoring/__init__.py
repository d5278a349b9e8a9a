"""For authors: turns lessons into notebooks; proves exams and questions.

Offers `build` (source and released notebooks from the lessons' text), `check_course` (every
recorded answer is tried), the reader of recorded answers and the prover of practice questions.
Must not know: submissions, the gradebook, containment.
"""
