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
    from importlib.metadata import entry_points

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
        if found := re.search(r'^__version__ = "(.+)"', code, re.M):
            return found[1]
        raise SetUpError(
            f"{spec.origin} has the course's name and hides it. Rename it, restart the kernel and "
            "run this cell again."
        )

    def beside():
        """Return the newest wheel beside the notebook or one folder up: version, edition, path."""
        found = []
        for path in [*pathlib.Path().glob("bert_*.whl"), *pathlib.Path("..").glob("bert_*.whl")]:
            if name := re.match(r"bert_classroom_(course|alone)-([\d.]+)-py3-none-any", path.name):
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
        for line in pip.stdout:
            said += line
            if step := re.match(r"\s*(Collecting|Downloading|Installing|Building)\b.{,60}", line):
                print(f"\r{step[0].strip():75}", end="", flush=True)
        print("\r" + " " * 75, end="\r")
        if pip.wait() != 0:
            raise SetUpError(why(said))

    def why(said):
        for sign, cure in {
            "No module named pip": f"{sys.executable} has no pip. Run `{sys.executable} -m ensurepip`",
            "requires a different Python": "this Python is too old or too new. Choose another kernel",
            "No space left": "the disk is full. Make room",
            "externally-managed": "this Python is your system's. Make a virtual environment for it",
            "Permission denied": "this Python is not yours to change. Make a virtual environment",
            "(?i)resol|connection|timed out|Cannot fetch|unreachable": "the network cannot be reached. "
            "Connect (on Kaggle: Settings, Internet on)",
            "No matching distribution": "pip does not find what the course needs. Look at its name",
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
    here = wheel is not None and (
        wheel[0] > numbers(have) or (wheel[1] and not entry_points(group="bert_classroom"))
    )
    if have and numbers(have) >= numbers(version) and not here:
        return f"Course {have} is installed."
    problem = SetUpError(
        "put the file bert_classroom_course-….whl beside this notebook (on Colab: the folder symbol "
        "on the left, then upload), and run this cell again."
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
