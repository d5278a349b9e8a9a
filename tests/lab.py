"""A real JupyterLab in a real Chromium, as a student sits before it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

TOKEN = "classroom"
CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip


def chromium() -> str:
    """Return the path of Chromium; fails with the command that gets one."""
    found = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    assert found, "No Chromium: run `apt-get install chromium` (or your system's way to get it)."
    return found


@contextmanager
def jupyterlab(
    folder: Path, python: Path = Path(sys.executable), **variables: str
) -> Iterator[str]:
    """Run the JupyterLab of `python` on `folder` and yield its address."""
    settings = folder / ".settings" / "@jupyterlab"
    for extension, name, values in (
        # All cells are in the page, so that a look at it is a look at the whole notebook.
        ("notebook-extension", "tracker", {"windowingMode": "none"}),
        ("apputils-extension", "notification", {"fetchNews": "false", "checkForUpdates": False}),
    ):
        (settings / extension).mkdir(parents=True, exist_ok=True)
        path = settings / extension / f"{name}.jupyterlab-settings"
        path.write_text(json.dumps(values))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        python, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}",
        f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}",
        f"--LabApp.user_settings_dir={folder / '.settings'}",
        f"--LabApp.workspaces_dir={folder / '.workspaces'}",
    ]  # fmt: skip
    with (folder / "jupyterlab.log").open("wb") as log:
        server = subprocess.Popen(
            command,
            cwd=folder,
            stdout=log,
            stderr=log,
            env=os.environ | {"HF_HUB_OFFLINE": "1"} | variables,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=1)
                break
            except OSError:
                assert server.poll() is None, (folder / "jupyterlab.log").read_text()
                time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait(20)


@contextmanager
def browser_page(width: int = 1100) -> Iterator[Page]:
    """Yield a page of a new browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.set_default_timeout(20_000)
        yield page
        browser.close()


def open_notebook(page: Page, address: str, name: str) -> None:
    """Open the notebook and wait until its kernel is there."""
    page.goto(f"{address}/lab/tree/{name}?token={TOKEN}&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    # Running cells before there is a kernel makes JupyterLab ask which one to take.
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()


def run_all(page: Page, timeout: float) -> None:
    """Run all cells by the menu and wait until the last one is done (`timeout` in seconds)."""
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(
        """() => {
            const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-Cell-inputArea .jp-InputPrompt')];
            return prompts.length && prompts.every(p => /\\[\\d+\\]/.test(p.textContent));
        }""",
        timeout=1000 * timeout,
    )


def write_into(page: Page, cell: str, code: str) -> None:
    """Put `code` into the first code cell that contains `cell`, in place of what is there."""
    editor = page.locator(".jp-CodeCell", has_text=cell).first.locator(".cm-content")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)


def save(page: Page) -> None:
    """Save the notebook as a student does, and wait until it is on the disk."""
    page.keyboard.press("Escape")
    page.keyboard.press("Control+s")
    page.wait_for_selector(".jp-NotebookPanel .jp-Toolbar")
    page.wait_for_function("() => !document.querySelector('.lm-TabBar-tab.jp-mod-dirty')")


def screenshots(page: Page, stem: Path) -> None:
    """Write pictures of the whole notebook, a screenful each: STEM-01.png and so on."""
    step = 1400
    page.set_viewport_size({"width": page.viewport_size["width"], "height": step + 100})
    stem.parent.mkdir(parents=True, exist_ok=True)
    box = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer"
    height = page.evaluate("box => document.querySelector(box).scrollHeight", box)
    for number, top in enumerate(range(0, int(height), step), 1):
        page.evaluate("([box, top]) => document.querySelector(box).scrollTo(0, top)", [box, top])
        page.wait_for_timeout(250)
        page.screenshot(path=stem.with_name(f"{stem.name}-{number:02}.png"))
