"""Make the virtual environment, or mend a half-finished one: ``python3 tools/setup.py [peers]``.

Runs before anything is installed, on whatever Python the machine calls ``python3``: it needs the
standard library only, and no newer syntax than an old Python knows, which is told so.
"""

import hashlib
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST, NEWEST = (3, 11), (3, 13)
LISTS = {"course": ["requirements.txt"], "peers": ["requirements.txt", "requirements-peers.txt"]}
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def main(level):
    """Bring ``.venv`` to ``level``; return at once where it is there already."""
    stamp = VENV / f"ready-{level}"
    wanted = fingerprint(LISTS[level])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    python = suitable_python()
    check_compiler(python)
    if not environment_works():
        if VENV.exists():
            print("An earlier set-up did not finish, or was moved; making .venv anew.")
            shutil.rmtree(str(VENV))
        make_environment(python)
    install(LISTS[level])
    stamp.write_text(wanted)


def fingerprint(lists):
    """What the environment is made from, so that a changed list installs again."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in [*lists, "pyproject.toml"]:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def suitable_python():
    """Return a Python from 3.11 to 3.13: this one, or another one on the path."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    for minor in (13, 12, 11):
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.call([found, "-c", "import venv"], **QUIET) == 0:
            return found
    version = ".".join(map(str, sys.version_info[:2]))
    return stop(
        f"Python 3.11, 3.12 or 3.13 is needed; this is {version}. Install one of them and run "
        "make again, such as `make course PYTHON=python3.12`."
    )


def check_compiler(python):
    """Stop before pip does if annoy, which ships as source, could not be compiled."""
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        stop(
            "A C++ compiler is needed to build annoy; install one (`sudo apt install g++` on "
            "Debian and Ubuntu, `xcode-select --install` on macOS) and run make again."
        )
    where = "import sysconfig; print(sysconfig.get_paths()['include'])"
    include = subprocess.check_output([python, "-c", where]).decode().strip()
    if not (pathlib.Path(include) / "Python.h").exists():
        stop(
            "Python's header files are needed to build annoy; install them (`sudo apt install "
            "python3-dev` on Debian and Ubuntu) and run make again."
        )


def environment_works():
    """Whether .venv was made for this folder, and holds a Python that starts and has pip."""
    python, settings = VENV / "bin" / "python", VENV / "pyvenv.cfg"
    if not python.exists() or not settings.exists() or str(VENV) not in settings.read_text():
        return False
    return subprocess.call([str(python), "-m", "pip", "--version"], **QUIET) == 0


def make_environment(python):
    """Make an empty ``.venv``."""
    print("Making the environment .venv ...", flush=True)
    if subprocess.call([python, "-m", "venv", str(VENV)], **QUIET) != 0:
        shutil.rmtree(str(VENV), ignore_errors=True)
        stop(
            "Python's venv module is missing; install it (`sudo apt install python3-venv` on "
            "Debian and Ubuntu) and run make again."
        )


def install(lists):
    """Install the pinned packages; pip's own words are shown only when it fails."""
    print(f"Installing {' and '.join(lists)}; the first time takes some minutes ...", flush=True)
    command = [str(VENV / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    command.append("--disable-pip-version-check")
    for name in lists:
        command += ["--requirement", name]
    done = subprocess.run(
        command, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    if done.returncode != 0:
        print(done.stdout.decode(errors="replace")[-3000:])
        stop(
            "Installing failed; pip's last words stand above. Check the network and the free "
            "disk space (2 GB are needed), then run make again: it goes on where it stopped."
        )


def stop(sentence):
    """End with one sentence and no traceback."""
    sys.exit("\n" + sentence)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "course")
