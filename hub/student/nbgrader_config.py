"""What nbgrader needs to know on a student's side: the course and its exchange."""

import os

c = get_config()
c.CourseDirectory.course_id = os.environ["BERT_HUB_COURSE_ID"]
c.Exchange.root = os.environ["BERT_HUB_EXCHANGE"]
