"""The hub's configuration as `docs/jupyterhub.md` shows it: it loads, and a class works on it.

The real hub needs `pip install jupyterhub` and the command `configurable-http-proxy`; its users are
Unix users that the test makes.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from classroom import NAME, SOLUTION, cell_of, grades
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader
from unix_users import Student, exchange, users, visible

from autograder.course_paths import CoursePaths

__all__ = ["exchange"]  # a fixture

HUB = Path(__file__).resolve().parent.parent / "hub"
TOKEN = "a-token-of-the-test"
#: What the test adds to the documented configuration: ports, a folder, logins without passwords.
OVER = """
load_subconfig({config!r})
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie"
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.services = [{{"name": "test", "api_token": {token!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "test", "services": ["test"],
      "scopes": ["admin:users", "admin:servers", "access:servers", "tokens"]}}
]
"""


def loaded(monkeypatch: pytest.MonkeyPatch, **settings: str) -> Config:
    for name, value in settings.items():
        monkeypatch.setenv(f"BERT_HUB_{name}", value)
    return PyFileConfigLoader("jupyterhub_config.py", path=str(HUB)).load_config()


def spawned(config: Config, name: str) -> SimpleNamespace:
    """Return a spawner of the user `name` as the configuration prepares it."""
    spawner = SimpleNamespace(
        user=SimpleNamespace(name=name),
        environment=dict(config.Spawner.environment),
        notebook_dir="",
        cmd=[],
    )
    config.Spawner.pre_spawn_hook(spawner)
    return spawner


def test_the_documented_configuration_gives_each_role_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = loaded(monkeypatch, COURSE="/srv/c 1", GRADING="/srv/g", INSTRUCTORS="prof tina")
    tina, ann = spawned(config, "tina"), spawned(config, "ann")
    assert tina.cmd == ["/srv/g/bin/jupyterhub-singleuser"] and tina.notebook_dir == "/srv/c 1"
    assert tina.environment["JUPYTER_CONFIG_PATH"] == "/srv/c 1"
    assert tina.environment["PATH"].startswith("/srv/g/bin:")
    # Nothing that a student's server is given names the course's folder or the clone.
    assert ann.cmd == [f"{sys.prefix}/bin/jupyterhub-singleuser"] and ann.notebook_dir == ""
    told = {name: value for name, value in ann.environment.items() if name != "PATH"}
    assert not any("/srv/c" in value or "/srv/g" in value for value in told.values())
    assert told["OMP_NUM_THREADS"] == "1"
    # The settings are traits that the hub has.
    if importlib.util.find_spec("jupyterhub"):
        from jupyterhub.auth import Authenticator
        from jupyterhub.spawner import Spawner

        assert set(config.Spawner) <= set(Spawner.class_trait_names())
        assert set(config.Authenticator) <= set(Authenticator.class_trait_names())


def test_a_students_settings_load_and_switch_the_formgrader_off(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = loaded(monkeypatch, COURSE="/srv/bert-9", EXCHANGE="/srv/x")
    for name, value in spawned(config, "ann").environment.items():
        monkeypatch.setenv(name, value)
    folder = os.environ["JUPYTER_CONFIG_PATH"]
    mine = PyFileConfigLoader("nbgrader_config.py", path=folder).load_config()
    assert mine.CourseDirectory.course_id == "bert-9" and mine.Exchange.root == "/srv/x"
    server = json.loads(Path(folder, "jupyter_server_config.json").read_text())
    assert (
        server["ServerApp"]["jpserver_extensions"]["nbgrader.server_extensions.formgrader"] is False
    )
    lab = json.loads(Path(folder, "labconfig", "page_config.json").read_text())
    scripts = Path(sys.prefix, "share/jupyter/labextensions/@jupyter/nbgrader/static").glob("*.js")
    known = {
        one for path in scripts for one in re.findall(r"@jupyter/nbgrader:[\w-]+", path.read_text())
    }
    assert set(lab["disabledExtensions"]) <= known and "@jupyter/nbgrader:formgrader" in known


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


class Hub:
    """A running hub, asked as its pages ask it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, path: str, body: Any = None, *, method: str = "") -> tuple[int, Any]:
        """Return status and reply, decoded where it is JSON."""
        request = urllib.request.Request(
            f"{self.url}{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method or ("GET" if body is None else "POST"),
            headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=300) as reply:
                status, text = reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def start(self, name: str) -> None:
        """Make the account known to the hub, and start its server."""
        self.ask(f"/hub/api/users/{name}", {})
        status, said = self.ask(f"/hub/api/users/{name}/server", {})
        assert status in (201, 202), said
        for _ in range(240):
            if self.ask(f"/hub/api/users/{name}")[1].get("server"):
                return
            time.sleep(1)
        raise AssertionError(f"the server of {name} did not start")

    def succeeds(self, path: str, body: Any) -> Any:
        status, said = self.ask(path, body)
        assert status == 200 and said["success"], said
        return said.get("value", said)


@pytest.fixture
def hub(exchange: Path, classroom: CoursePaths) -> Iterator[tuple[Hub, list[Student], CoursePaths]]:
    """A hub with an instructor, who owns the course, and two students."""
    proxy = shutil.which("configurable-http-proxy")
    if importlib.util.find_spec("jupyterhub") is None or proxy is None:
        pytest.skip("needs jupyterhub and configurable-http-proxy")
    with users(exchange.parent, "pab") as made:
        prof, *_ = made
        root = exchange.parent / "course"
        shutil.copytree(classroom.root, root)
        with (root / "nbgrader_config.py").open("a") as file:
            file.write(f"c.Exchange.root = {str(exchange)!r}\n")
        subprocess.run(["chown", "-R", f"{prof.name}:", str(root)], check=True)
        root.chmod(0o700)
        port, hub_port, proxy_port = free_ports(3)
        folder = exchange.parent / "hub"
        folder.mkdir(mode=0o700)
        shutil.copytree(HUB, exchange.parent / "configuration")
        config = str(exchange.parent / "configuration" / "jupyterhub_config.py")
        (folder / "config.py").write_text(
            OVER.format(
                config=config, port=port, hub_port=hub_port, proxy_port=proxy_port,
                folder=folder, token=TOKEN,
            )
        )  # fmt: skip
        settings = {
            "COURSE": str(root), "COURSE_ID": "bert-classroom", "EXCHANGE": str(exchange),
            "INSTRUCTORS": prof.name, "GRADING": sys.prefix,
        }  # fmt: skip
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [*visible(folder), sys.executable, "-m", "jupyterhub", "-f", f"{folder}/config.py"],
                cwd=folder, stdout=log, stderr=log, start_new_session=True,
                env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": "/root"}
                | {f"BERT_HUB_{name}": value for name, value in settings.items()},
            )  # fmt: skip
        running = Hub(f"http://127.0.0.1:{port}")
        try:
            for _ in range(120):
                try:
                    if running.ask("/hub/api/users")[0] == 200:
                        break
                except OSError:
                    pass
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(1)
            yield running, made, CoursePaths(root)
            for one in made:
                running.ask(f"/hub/api/users/{one.name}/server", method="DELETE")
        finally:
            print((folder / "log").read_text()[-4000:])
            process.terminate()
            process.wait(60)


@pytest.mark.nightly
@pytest.mark.long
def test_two_students_and_an_instructor_on_a_real_hub(
    hub: tuple[Hub, list[Student], CoursePaths],
) -> None:
    running, (prof, ann, ben), paths = hub
    for one in (prof, ann, ben):
        running.start(one.name)
    teacher = f"/user/{prof.name}/formgrader"
    assert running.ask(teacher)[0] == 200
    assert running.ask(f"/user/{ann.name}/formgrader")[0] == 404
    running.succeeds(f"{teacher}/api/assignment/{NAME}/assign", {})
    running.succeeds(f"{teacher}/api/assignment/{NAME}/release", {})
    what = {"course_id": "bert-classroom", "assignment_id": NAME}
    for student, answer in ((ann, SOLUTION), (ben, SOLUTION.replace(".lower()", ""))):
        mine = f"/user/{student.name}"
        running.succeeds(f"{mine}/assignments/fetch", what)
        place = f"{mine}/api/contents/{NAME}/{NAME}.ipynb"
        notebook = nbformat.from_dict(running.ask(place)[1]["content"])
        cell_of(notebook, "count-words").source = answer
        status, _ = running.ask(place, {"type": "notebook", "content": notebook}, method="PUT")
        assert status == 200
        listed = running.succeeds(f"{mine}/assignments/submit", what)
        assert [one["status"] for one in listed].count("submitted") == 1
        # A student reads no course folder, and so no hidden test.
        assert "Permission denied" in student.fails("ls", str(paths.root))
    running.succeeds(f"{teacher}/api/assignment/{NAME}/collect", {})
    for student in (ann, ben):
        running.succeeds(f"{teacher}/api/submission/{NAME}/{student.name}/autograde", {})
    assert grades(paths) == {ann.name: 2, ben.name: 0}
    running.succeeds(f"{teacher}/api/assignment/{NAME}/generate_feedback", {})
    running.succeeds(f"{teacher}/api/assignment/{NAME}/release_feedback", {})
    for student, mark in ((ann, "2.0"), (ben, "0.0")):
        running.succeeds(f"/user/{student.name}/assignments/fetch_feedback", what)
        (page,) = (student.home / NAME / "feedback").glob(f"*/{NAME}.html")
        assert f"(Score: {mark} / 5.0)" in page.read_text(encoding="utf-8")
        assert page.owner() == student.name
    # The submissions ran contained, under an ordinary user's account.
    records = json.loads(paths.records(NAME, ann.name).read_text())
    assert all(one["contained"] for one in records)
