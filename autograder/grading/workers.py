"""Executes and examines submissions side by side: on this machine's cores, or on a Dask cluster.

A worker puts what came of a submission into the store and touches nothing else; the gradebook is
the caller's alone. A worker that dies costs a second attempt, never the batch.
"""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.forkserver as forkserver
import os
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError, GraderError
from autograder.grading.store import Entry
from autograder.grading.submission import Submission, SubmissionId, take_in
from autograder.kernels.preload import NOTEBOOKS, WORKERS
from autograder.nbgrader_api import configuration
from autograder.records import Outcome

log = logging.getLogger(__name__)

#: A submission whose worker died this often is given up as a grader error.
ATTEMPTS = 2


@dataclass(frozen=True)
class Executed:
    """What a worker says of a submission: what it was taken in as, and its result or our failure."""

    id: SubmissionId
    submission: Submission | None = None
    key: str = ""
    #: The result where it is not in the store, because the grader itself failed in it.
    entry: Entry | None = None
    failure: str | None = None


def execute(root: Path, id: SubmissionId, options: dict[str, dict[str, Any]]) -> Executed:
    """Take one submission in and bring its result into the store, unless it is there already."""
    from autograder.grading.plugins.execute import ExamExecute

    submission = take_in(CoursePaths(root), id)
    key, entry = ExamExecute(config=configuration(root, options)).result_of(submission)
    stored = not any(one.outcome is Outcome.GRADER_ERROR for one in entry.findings)
    return Executed(id, submission, key, None if stored else entry)


def on_this_machine(
    paths: CoursePaths,
    ids: Sequence[SubmissionId],
    options: dict[str, dict[str, Any]],
    workers: int,
) -> Iterator[Executed]:
    """Yield each work as it is executed by one of `workers` processes."""
    from autograder.kernels.client import close_zygote, current_zygote

    config = configuration(paths.root, options)
    contained = config.ExamExecute.get("contained", True)
    preload = tuple(config.ZygoteProvisioner.get("preload", NOTEBOOKS))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*preload, *WORKERS])
    resource_tracker.ensure_running()  # by itself it ends all blocking of signals
    with _deaf_to_interrupts():
        forkserver.ensure_running()  # it imports while the zygote does
    attempts = dict.fromkeys(ids, 0)
    while attempts:
        zygote = current_zygote(preload) if contained else None
        lent = (zygote.door, zygote.folder) if zygote else None
        pool = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_begin, initargs=(paths.log, lent)
        )
        try:
            yield from _in_pool(pool, 2 * workers, paths.root, attempts, options)
        except BaseException:
            # Interrupted: what runs is ended, what is finished is in the store.
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list((pool._processes or {}).values()):
                process.terminate()
            raise
        pool.shutdown()
        if attempts and contained:
            close_zygote()  # if it was the zygote that died, the next round has a new one


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Let a process that is begun here hear no Ctrl-C: while it imports, it would print a traceback.

    It has the signals blocked that its caller has blocked. One that comes meanwhile is not lost.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _in_pool(
    pool: ProcessPoolExecutor,
    at_once: int,
    root: Path,
    attempts: dict[SubmissionId, int],
    options: dict[str, dict[str, Any]],
) -> Iterator[Executed]:
    """Yield what is finished, and take it out of `attempts`; what a crash took with it stays."""
    from autograder.kernels.client import NotContainedError, ZygoteError

    waiting = list(attempts)[::-1]
    running: dict[Future[Executed], SubmissionId] = {}
    while waiting or running:
        # Two for each process: none waits for its next, and a crash takes few with it.
        while waiting and len(running) < at_once:
            id = waiting.pop()
            running[pool.submit(execute, root, id, options)] = id
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            id = running.pop(future)
            attempts[id] += 1
            try:
                done = future.result()
            except (NotContainedError, GraderError):
                raise
            except (BrokenProcessPool, ZygoteError) as error:
                if attempts[id] < ATTEMPTS:
                    if isinstance(error, BrokenProcessPool):
                        return
                    continue
                done = Executed(id, failure=f"its grading process died ({error})")
            except CourseError as error:
                done = Executed(id, failure=str(error))
            except Exception as error:
                log.exception("%s of %s could not be executed", id.assignment, id.student)
                done = Executed(id, failure=f"{type(error).__name__}: {error}")
            del attempts[id]
            yield done


def _begin(path: Path, lent: tuple[socket.socket, Path] | None) -> None:
    """Settle into a worker: its log in a file, its kernels from the caller's zygote."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the caller's to handle
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # kernels begun here may hear it
    threading.Thread(target=_end_with_caller, daemon=True).start()
    log_to(path)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    if lent is not None:
        from autograder.kernels.client import adopt

        adopt(*lent)


def _end_with_caller() -> None:
    """End this worker, and with it its kernel, when the caller is killed: nobody else would."""
    if (caller := multiprocessing.parent_process()) is not None:
        caller.join()
        os._exit(1)


def log_to(path: Path) -> None:
    """Send our log to a file."""
    logger = logging.getLogger("autograder")
    if not logger.handlers:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(path)
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(levelname)s %(message)s"))
        logger.addHandler(handler)
        logger.propagate = False


def on_cluster(
    paths: CoursePaths,
    ids: Sequence[SubmissionId],
    options: dict[str, dict[str, Any]],
    address: str,
) -> Iterator[Executed]:
    """Yield each work as it is executed by a worker of the Dask cluster at `address`.

    The workers need this installation and the course's folder at the same path. A worker that is
    lost has its works done by another.
    """
    from distributed import Client, as_completed
    from distributed.scheduler import KilledWorker

    try:
        client = Client(address, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        raise CourseError(f"No Dask scheduler answers at {address!r}: {error}") from error
    with client:
        futures = {
            client.submit(execute, paths.root, id, options, pure=False, retries=ATTEMPTS - 1): id
            for id in ids
        }
        for future in as_completed(futures):
            id = futures.pop(future)
            try:
                yield future.result()
            except KilledWorker as error:
                yield Executed(id, failure=f"its workers died ({error})")
            except CourseError as error:
                yield Executed(id, failure=str(error))
            except Exception as error:
                log.exception("%s of %s could not be executed", id.assignment, id.student)
                yield Executed(id, failure=f"{type(error).__name__}: {error}")
