"""JupyterHub for one class on one machine: what differs between students and instructors.

`docs/jupyterhub.md` says how it is used. Edit the settings, or set the environment variables that
they are read from.
"""

import os
import sys
from pathlib import Path

#: The course's folder, made by `autograder new-course`; its id, and the exchange that it names.
COURSE = Path(os.environ.get("BERT_HUB_COURSE", "/srv/bert-2026"))
COURSE_ID = os.environ.get("BERT_HUB_COURSE_ID", COURSE.name)
EXCHANGE = os.environ.get("BERT_HUB_EXCHANGE", "/srv/exchange")
#: The accounts that grade.
INSTRUCTORS = set(os.environ.get("BERT_HUB_INSTRUCTORS", "prof").split())
#: The environment of the clone, which students must not be able to read.
GRADING = Path(os.environ.get("BERT_HUB_GRADING", "/srv/bert-classroom/.venv"))
#: The hub's own environment, in which students work: it holds the course's wheel and no exam.
LEARNING = Path(sys.prefix)

HERE = Path(__file__).resolve().parent

c = get_config()
# Whoever has an account on this machine may log in. A student's account is the id in the roster.
c.Authenticator.allow_all = True
c.Authenticator.admin_users = INSTRUCTORS
c.Spawner.default_url = "/lab"
c.Spawner.http_timeout = c.Spawner.start_timeout = 120
# PyTorch would take all cores for each student.
c.Spawner.environment = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def for_role(spawner):
    """Give instructors the course's folder and its environment, and students nothing of either."""
    instructor = spawner.user.name in INSTRUCTORS
    environment = GRADING if instructor else LEARNING
    spawner.cmd = [str(environment / "bin" / "jupyterhub-singleuser")]
    # nbgrader, JupyterLab and the server find their settings here.
    own = {"JUPYTER_CONFIG_PATH": str(COURSE if instructor else HERE / "student")}
    own["PATH"] = os.pathsep.join([str(environment / "bin"), os.environ["PATH"]])
    own["BERT_HUB_COURSE_ID"], own["BERT_HUB_EXCHANGE"] = COURSE_ID, EXCHANGE
    spawner.environment = spawner.environment | own
    if instructor:
        spawner.notebook_dir = str(COURSE)


c.Spawner.pre_spawn_hook = for_role
