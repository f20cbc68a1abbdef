"""Run notebook cells in one IPython shell and keep what they show, up to a limit."""

import contextlib
import io
import signal
import sys
import time

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from .link import describe

__all__ = ["KEPT_MIMES", "Cells", "TimeUp", "alarm", "no_alarm"]

KEPT_MIMES = (
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/png",
    "image/svg+xml",
)


SIGNALS = {signal.SIGPROF, signal.SIGALRM}


class TimeUp(KeyboardInterrupt):
    """A cell or a call is to stop; most code lets an interrupt through."""


@contextlib.contextmanager
def alarm(seconds):
    """Raise `TimeUp` in the main thread after so much processor time of this process.

    All its threads count, its children do not. SIGALRM, sent from outside, raises it at once. An
    outer alarm goes on afterwards.
    """

    def ring(signum, frame):
        left = seconds - (time.process_time() - started)
        if signum == signal.SIGPROF and left > 0:  # the timer counts ticks, and may be early
            signal.setitimer(signal.ITIMER_PROF, max(left, 1e-3))
            return
        raise TimeUp(f"stopped after {seconds:.0f} s of processor time.")

    started = time.process_time()
    before = {number: signal.signal(number, ring) for number in SIGNALS}
    outer = signal.setitimer(signal.ITIMER_PROF, max(seconds, 1e-3))[0]
    mask = signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for number, handler in before.items():
            signal.signal(number, handler)
        if outer:
            left = outer - (time.process_time() - started)
            signal.setitimer(signal.ITIMER_PROF, max(left, 1e-3))


@contextlib.contextmanager
def no_alarm():
    """Hold an alarm back while a message is on its way, lest half of it get lost."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


class _Kept:
    """The outputs of one cell in nbformat's form, cut at a number of characters."""

    def __init__(self, limit):
        self.left = self.limit = limit
        self.outputs = []

    def text(self, name, text):
        if self.left <= 0:
            return
        text = text[: self.left]
        self.left -= len(text)
        if self.left <= 0:
            text += "\n[output cut here]\n"
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"].append(text)
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": [text]})

    def rich(self, kind, data):
        data = {mime: data[mime] for mime in KEPT_MIMES if isinstance(data.get(mime), str)}
        size = sum(map(len, data.values()))
        if size < self.left:
            self.left -= size
            self.outputs.append({"output_type": kind, "data": data})
        elif self.left > 0:  # after it, what is smaller is still shown
            what = "picture" if any(mime.startswith("image") for mime in data) else "output"
            self.text(
                "stdout",
                f"[a {what} of {size:,} characters is left out: one cell's output is kept up to "
                f"{self.limit:,}]\n",
            )

    def joined(self):
        """The outputs, each stream in one piece."""
        return [
            output | {"text": "".join(output["text"])} if "text" in output else output
            for output in self.outputs
        ]


class _Stream(io.TextIOBase):
    """What stands in for sys.stdout and sys.stderr while a cell runs."""

    def __init__(self, name):
        self.name = name
        self.kept = None

    def writable(self):
        return True

    def write(self, text):
        if self.kept is not None:
            self.kept.text(self.name, str(text))
        return len(text)


class _Publisher(DisplayPublisher):
    kept = None

    def publish(self, data, metadata=None, **more):
        if self.kept is not None:
            self.kept.rich("display_data", data)

    def clear_output(self, wait=False):
        if self.kept is not None:
            self.kept.outputs.clear()


class _Hook(DisplayHook):
    kept = None

    def __call__(self, result=None):
        # The last value of a cell; "_" and "Out" stay empty, so that nothing is kept alive.
        if result is None or self.kept is None:
            return
        data, _ = self.compute_format_data(result)
        self.kept.rich("execute_result", data)


class _Shell(InteractiveShell):
    def _showtraceback(self, etype, evalue, stb):
        """The caller reports the error."""

    def enable_gui(self, gui=None):
        """There is no window to open."""

    def ask_exit(self):
        """What ``exit()`` calls; in Jupyter too the rest of its cell runs."""
        print("exit() ends no notebook that is graded; it goes on.")


class Cells:
    """One IPython shell without history, user profile or terminal.

    Parameters
    ----------
    limit : int
        Characters of output to keep for each cell.
    """

    def __init__(self, limit):
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.xmode = "Context"
        config.InteractiveShell.cache_size = 0
        self.limit = limit
        self.shell = _Shell.instance(
            config=config, display_pub_class=_Publisher, displayhook_class=_Hook
        )
        self.names = self.shell.user_ns
        self.streams = _Stream("stdout"), _Stream("stderr")

    def run(self, source, seconds):
        """Run one cell; stop it after so many seconds of processor time.

        Returns
        -------
        outputs : list of dict
            In nbformat's form, without the error.
        error : BaseException or None
        """
        kept = _Kept(self.limit)
        holders = (*self.streams, self.shell.display_pub, self.shell.displayhook)
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = self.streams
        for holder in holders:
            holder.kept = kept
        try:
            with alarm(seconds):
                result = self.shell.run_cell(source, store_history=False)
            error = result.error_before_exec or result.error_in_exec
        except TimeUp as late:  # it rang between the cell's code and IPython's
            error = late
        finally:
            for holder in holders:
                holder.kept = None
            sys.stdout, sys.stderr = before
        return kept.joined(), error

    def run_described(self, source, seconds):
        """As `run`, with the error as JSON."""
        outputs, error = self.run(source, seconds)
        return {"outputs": outputs, "error": error and describe(error)}
