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
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from autograder.course_paths import CoursePaths
from autograder.errors import CourseError, GraderError
from autograder.grading.executed import Executed, reason_of
from autograder.grading.submission import SubmissionId, Worth, take_in
from autograder.kernels.preload import NOTEBOOKS, WORKERS
from autograder.nbgrader_api import configuration

log = logging.getLogger(__name__)

#: A submission whose worker died this often is given up as a grader error.
ATTEMPTS = 2
#: What is finished within so many seconds is handed on together, at most so many at a time: the
#: caller's writing then costs the disk one wait for all of them.
TOGETHER, AT_MOST = 0.3, 16

#: By assignment: what its tasks are worth.
Worths = Mapping[str, Worth]


def execute(
    root: Path, id: SubmissionId, options: dict[str, dict[str, Any]], worth: Worth | None
) -> Executed:
    """Take one submission in, bring its result into the store, and finish its notebook."""
    from autograder.grading.plugins.execute import ExamExecute

    submission = take_in(CoursePaths(root), id, worth)
    return ExamExecute(config=configuration(root, options)).finish(submission)


def on_this_machine(
    paths: CoursePaths,
    ids: Sequence[SubmissionId],
    options: dict[str, dict[str, Any]],
    worths: Worths,
    workers: int,
) -> Iterator[list[Executed]]:
    """Yield works as they are executed by `workers` processes, those together that are close.

    `options` are nbgrader's (class → trait → value); `worths` says by assignment what the tasks
    are worth, where that is not the released notebook's.
    """
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
            yield from _in_pool(pool, 2 * workers, paths.root, attempts, options, worths)
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
    worths: Worths,
) -> Iterator[list[Executed]]:
    """Yield what is finished, and take it out of `attempts`; what a crash took with it stays."""
    waiting = list(attempts)[::-1]
    running: dict[Future[Executed], SubmissionId] = {}
    batch: list[Executed] = []
    until = 0.0
    while waiting or running:
        try:
            # Two for each process: none waits for its next, and a crash takes few with it.
            while waiting and len(running) < at_once:
                id = waiting.pop()
                future = pool.submit(execute, root, id, options, worths.get(id.assignment))
                running[future] = id
            left = max(0.0, until - time.monotonic()) if batch else None
            for future in wait(running, left, return_when=FIRST_COMPLETED).done:
                id = running.pop(future)
                attempts[id] += 1
                if (done := _result(future, id, final=attempts[id] >= ATTEMPTS)) is not None:
                    del attempts[id]
                    until = until if batch else time.monotonic() + TOGETHER
                    batch.append(done)
        except BrokenProcessPool:
            waiting, running = [], {}  # the caller makes another pool for what is left
        if batch and (time.monotonic() >= until or len(batch) >= AT_MOST or not running):
            yield batch
            batch = []


def _result(future: Future[Executed], id: SubmissionId, *, final: bool) -> Executed | None:
    """Return what came of a submission; None where its kernel's origin died and it is tried again.

    Raises BrokenProcessPool where its process died and it is not the `final` attempt, and
    NotContainedError and GraderError, which concern all submissions.
    """
    from autograder.kernels.client import NotContainedError, ZygoteError

    try:
        return future.result()
    except (NotContainedError, GraderError):
        raise
    except (BrokenProcessPool, ZygoteError) as error:
        if not final:
            if isinstance(error, BrokenProcessPool):
                raise
            return None
        return Executed(id, failure=f"its grading process died ({error})")
    except Exception as error:
        return Executed(id, failure=reason_of(error, id, "executed"))


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
    worths: Worths,
    address: str,
) -> Iterator[list[Executed]]:
    """Yield works as they are executed by the workers of the Dask cluster at `address`.

    The workers need this installation and the course's folder at the same path. A worker that is
    lost has its works done by another.
    """
    from distributed import Client, as_completed

    try:
        client = Client(address, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        raise CourseError(f"No Dask scheduler answers at {address!r}: {error}") from error
    with client:
        futures = {}
        for id in ids:
            job = (paths.root, id, options, worths.get(id.assignment))
            futures[client.submit(execute, *job, pure=False, retries=ATTEMPTS - 1)] = id
        for finished in as_completed(futures).batches():
            yield [_of_cluster(future, futures.pop(future)) for future in finished]


def _of_cluster(future: Any, id: SubmissionId) -> Executed:
    """Return what came of a submission that the cluster is done with."""
    from distributed.scheduler import KilledWorker

    try:
        done: Executed = future.result()
    except KilledWorker as error:
        return Executed(id, failure=f"its workers died ({error})")
    except Exception as error:
        return Executed(id, failure=reason_of(error, id, "executed"))
    return done
