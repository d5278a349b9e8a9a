# @title Set-up: run this cell first
def set_up(version, index, git):
    """Find the course, or install it; return one line that says what was done."""
    import importlib.util
    import os
    import pathlib
    import re
    import shutil
    import subprocess
    import sys
    import tempfile

    class SetUpError(Exception):
        def _render_traceback_(self):  # one sentence is all that a notebook shows
            return [f"Set-up: {self}"]

    def numbers(text):
        return [int(part) for part in re.findall(r"\d+", text)[:3]]

    def installed():
        importlib.invalidate_caches()
        spec = importlib.util.find_spec("course")
        if spec is None or spec.origin is None:  # a folder without code hides nothing
            return ""
        code = pathlib.Path(spec.origin).read_text(encoding="utf-8")
        found = re.search(r'^__version__ = "(.+)"', code, re.M)
        if found:
            return found[1]
        raise SetUpError(
            f"{spec.origin} has the course's name and hides it. Rename it, restart the kernel and "
            "run this cell again."
        )

    def alone():
        """Return whether the self-learner's edition is installed."""
        from importlib.metadata import entry_points

        return bool(entry_points(group="bert_classroom"))

    def beside():
        """Return the newest wheel beside the notebook, one folder up, or among Kaggle's inputs."""
        found = []
        places = (".", "bert_*.whl"), ("..", "bert_*.whl"), ("/kaggle/input", "**/bert_*.whl")
        for path in [one for place, name in places for one in pathlib.Path(place).glob(name)]:
            name = re.match(r"bert_classroom_(course|alone)-([\d.]+)-py3-none-any", path.name)
            if name:
                found.append((numbers(name[2]), name[1] == "alone", path.stat().st_mtime, path))
        return max(found, default=None)

    def install(what):
        command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]
        pip = subprocess.Popen(
            [*command, "--progress-bar", "off", "--upgrade", what],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
            errors="replace", env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        said = ""
        try:
            for line in pip.stdout:
                said += line
                step = re.match(r"\s*(Collecting|Downloading|Installing|Building)\b.{,60}", line)
                if step:
                    print(f"\r{step[0].strip():75}", end="", flush=True)
        except KeyboardInterrupt:
            pip.terminate()
            raise SetUpError(
                "stopped before the course was installed. Run this cell again."
            ) from None
        finally:
            print("\r" + " " * 75, end="\r")
        if pip.wait() != 0:
            raise SetUpError(why(said, os.path.basename(what)))

    def why(said, what):
        for sign, cure in {
            "No module named pip": f"{sys.executable} has no pip. Run `{sys.executable} -m ensurepip`",
            "requires a different Python": "this Python is too old or too new. Choose another kernel",
            "is invalid|[Bb]ad ?[Zz]ip|not a zip": f"{what} is not whole: wait until it is uploaded, or "
            "upload it again",
            "No space left": "the disk is full. Make room",
            "externally-managed": "this Python is your system's. Make a virtual environment for it",
            "Permission denied": "this Python is not yours to change. Make a virtual environment",
            "(?i)resol|connection|timed out|Cannot fetch|unreachable": "the network cannot be reached. "
            "Connect (on Kaggle: Settings, Internet on)",
            "No matching distribution": "pip found nothing that fits this Python. Look whether the "
            "network can be reached, or choose another kernel",
        }.items():
            if re.search(sign, said):
                return f"{cure}, and run this cell again."
        errors = [line for line in said.splitlines() if line.startswith("ERROR")]
        return f"pip could not install the course. {(errors or ['It said nothing.'])[-1][:300]}"

    if sys.version_info < (3, 11):
        raise SetUpError(
            "the course needs Python 3.11 or later, and this kernel runs "
            f"{sys.version_info[0]}.{sys.version_info[1]}. Choose another kernel."
        )
    have, wheel = installed(), beside()
    here = wheel is not None and (wheel[0] > numbers(have) or (wheel[1] and not alone()))
    if have and numbers(have) >= numbers(version) and not here:
        return f"Course {have} is installed."
    problem = SetUpError(
        "put the file bert_classroom_….whl beside this notebook (on Colab: the folder symbol on the "
        "left, then upload; on Kaggle: Add Input, Upload), and run this cell again."
    )
    for what in filter(None, (index, git, here and wheel[3])):
        print(f"Installing the course from {what}. The first time takes some minutes.", flush=True)
        try:
            with tempfile.TemporaryDirectory() as folder:
                if isinstance(what, pathlib.Path):
                    # A browser calls its second download "… (1).whl", and pip refuses that name.
                    name = re.sub(r"(-py3-none-any).*", r"\1.whl", what.name)
                    what = shutil.copy(what, os.path.join(folder, name))
                install(what)
        except SetUpError as error:
            problem = error
            continue
        for name in [one for one in sys.modules if one.partition(".")[0] == "course"]:
            del sys.modules[name]
        return f"Course {installed()} is installed now."
    if not have:
        raise problem
    return f"Course {have} is installed, but this notebook needs {version}. To renew it, {problem}"


print(set_up(version="", index="", git=""))
try:
    from course.loading import load_libraries

    load_libraries()
except ImportError:  # an older course, or a package that the cell below will miss and name
    pass
