"""Read and work: build the book, copy the labs to ``work/``, start JupyterLab, serve both.

``make course`` calls this. Everything listens on 127.0.0.1 only. Ctrl-C ends both servers.
"""

import contextlib
import functools
import http.server
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser

from tools import book, lab_copies, warm

ROOT = pathlib.Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
WORK = ROOT / "work"
BOOK_PORT, LAB_PORT = 8000, 8888
JUPYTER_STARTS_S = 60


def main():
    """Start everything, wait for Ctrl-C, end everything."""
    book_port, lab_port = choose_port("BOOK_PORT", BOOK_PORT), choose_port("LAB_PORT", LAB_PORT)
    if book.build() != 0:
        sys.exit("The book did not build; the sentence above says where.")
    lab_copies.copy_to_work()
    copy_chapters()
    token = secrets.token_urlsafe(24)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # end like Ctrl-C, through the blocks
    with (
        jupyter(lab_port, token),
        pages(book_port),
        address_for_the_book(lab_port),
        warm.in_background(),
    ):
        book_url = f"http://127.0.0.1:{book_port}/"
        lab_url = f"http://127.0.0.1:{lab_port}/lab?token={token}"
        print(
            f"\n  The book:   {book_url}\n  JupyterLab: {lab_url}\n\nCtrl-C ends both.", flush=True
        )
        open_browser(lab_url, book_url)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    print("\nBoth have ended. Your work is in work/.")


def choose_port(variable, default):
    """Return the port named in the environment if it is free, else a free one near the default."""
    wanted = os.environ.get(variable)
    if wanted:
        if not wanted.isdigit() or not is_free(int(wanted)):
            sys.exit(
                f"{variable}={wanted} is busy or no port; choose another one, or leave it out."
            )
        return int(wanted)
    for port in range(default, default + 50):
        if is_free(port):
            if port != default:
                print(f"Port {default} is busy; using {port} (set {variable} to choose).")
            return port
    return sys.exit(f"No port from {default} to {default + 49} is free; set {variable} to one.")


def is_free(port):
    """Whether this machine lets us listen on ``port``."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def copy_chapters():
    """Copy each chapter as a notebook to ``work/chapters``; what is there stays as it is."""
    target = WORK / "chapters"
    target.mkdir(parents=True, exist_ok=True)
    for notebook in sorted((SITE / "notebooks").glob("*.ipynb")):
        if not (target / notebook.name).exists():
            shutil.copy(notebook, target)


@contextlib.contextmanager
def jupyter(port, token):
    """Run JupyterLab over ``work/`` until the block ends."""
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={WORK}"]
    command += ["--ServerApp.log_level=ERROR", "--LabApp.news_url=None"]
    command += ["--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    # The token travels in the environment: a command line can be read by every user.
    programs = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {
        **os.environ,
        "JUPYTER_TOKEN": token,
        "JUPYTER_CONFIG_PATH": str(ROOT / "tools" / "jupyter"),  # no nbgrader for students
        "PATH": programs,
    }
    server = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/api", server)
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def wait_for(address, server):
    """Return when the address answers; end with a sentence if the server does not come up."""
    deadline = time.monotonic() + JUPYTER_STARTS_S
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(address, timeout=1).close()
            return
        time.sleep(0.2)
    sys.exit("JupyterLab did not start; its own words stand above. Run make course again.")


@contextlib.contextmanager
def pages(port):
    """Serve the built book until the block ends."""
    handler = functools.partial(QuietHandler, directory=str(SITE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line in the terminal for each."""

    def log_message(self, *_):
        """Say nothing."""

    def end_headers(self):
        """Ask the browser to look again: the book changes when it is rebuilt."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()


@contextlib.contextmanager
def address_for_the_book(lab_port):
    """Tell the book's buttons where JupyterLab listens, while it does.

    The token is not written there: whoever reads the page could run code with it. The browser
    that opened JupyterLab's own address has a cookie instead.
    """
    path = SITE / "jupyter.json"
    path.write_text(json.dumps({"url": f"http://127.0.0.1:{lab_port}/lab/tree/"}))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def open_browser(*addresses):
    """Open the addresses where there is a screen to show them."""
    if sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        for address in addresses:
            with contextlib.suppress(webbrowser.Error):
                webbrowser.open(address)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\nStopped before it was ready; make course goes on where it stopped.")
