"""Make the virtual environment, or mend a half-finished one: ``python3 tools/setup.py [LEVEL]``.

Runs before anything is installed, on whatever Python the machine calls ``python3``: it needs the
standard library only, and no newer syntax than an old Python knows, which is told so.

uv installs, for it is faster than pip: at its pinned version, from where pip is told to look.
Where it cannot, for whatever reason, pip does the same.
"""

import ast
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST, NEWEST = (3, 11), (3, 14)
LISTS = {
    "course": ["requirements.txt"],
    "peers": ["requirements.txt", "requirements-peers.txt"],
    "engines": ["requirements.txt", "requirements-engines.txt"],
}
COMPILED = "requirements-compiled.txt"
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
# Where pip may be told to look, and how uv is told the same.
SETTINGS = {
    "cache-dir": "UV_CACHE_DIR",
    "cert": "SSL_CERT_FILE",
    "constraint": "UV_CONSTRAINT",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "extra-index-url": "UV_EXTRA_INDEX_URL",
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_INDEX_URL",
    "no-cache-dir": "UV_NO_CACHE",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "trusted-host": "UV_INSECURE_HOST",
}
PIP_ONLY = {"client-cert", "no-binary", "no-index", "only-binary", "require-hashes"}


def main(level):
    """Bring ``.venv`` to ``level``; return at once where it is there already."""
    stamp = VENV / ("ready-" + level)
    wanted = fingerprint(LISTS[level])
    if stamp.exists() and stamp.read_text() == wanted:
        return
    python = suitable_python()
    if not environment_works():
        if VENV.exists():
            print("An earlier set-up did not finish, or was moved; making .venv anew.")
            shutil.rmtree(str(VENV))
        make_environment(python)
    install(LISTS[level], missing_for_compiling(python))
    stamp.write_text(wanted)


def fingerprint(lists):
    """What the environment is made from, so that a changed list installs again."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in [*lists, COMPILED, "pyproject.toml"]:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def suitable_python():
    """Return a Python from 3.11 to 3.14: this one, or another one on the path."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return sys.executable
    for minor in (14, 13, 12, 11):
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.call([found, "-c", "import venv"], **QUIET) == 0:
            return found
    version = ".".join(map(str, sys.version_info[:2]))
    return stop(
        f"Python 3.11, 3.12, 3.13 or 3.14 is needed; this is {version}. Install one of them and "
        "run make again, such as `make course PYTHON=python3.12`."
    )


def missing_for_compiling(python):
    """Return in words what this machine lacks to compile what ships as source only."""
    missing = []
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        missing.append("a C++ compiler")
    where = "import sysconfig; print(sysconfig.get_paths()['include'])"
    include = subprocess.check_output([python, "-c", where]).decode().strip()
    if not (pathlib.Path(include) / "Python.h").exists():
        missing.append("Python's header files")
    return " and ".join(missing)


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


def install(lists, missing=""):
    """Install the pinned packages; what must be compiled stops nobody where it cannot be."""
    print(f"Installing {' and '.join(lists)}; the first time takes some minutes ...", flush=True)
    if not by_uv(lists if missing else [*lists, COMPILED]):
        print("uv could not; pip does the same and takes longer ...", flush=True)
        failed = by_pip(*requirements(lists))
        if failed:
            print(failed[-3000:])
            stop(
                "Installing failed; pip's last words stand above. Check the network and the free "
                "disk space (2 GB are needed), then run make again: it goes on where it stopped."
            )
        if not missing and by_pip(*requirements([COMPILED])):
            missing = "a C++ compiler that works"
    if missing:
        print(
            f"annoy and hnswlib were left out, for they are compiled here and need {missing}; only "
            "chapters 10 and 11 compare with them. After `sudo apt install g++ python3-dev` (on "
            f"macOS `xcode-select --install`) `.venv/bin/pip install -r {COMPILED}` brings them."
        )


def requirements(lists):
    """Return the options with which pip and uv read ``lists``."""
    return [option for name in lists for option in ("--requirement", name)]


def by_uv(lists):
    """Install with uv, and return whether that worked."""
    told = as_uv_is_told()
    pin = re.search(r"^uv==\S+", (ROOT / "requirements-peers.txt").read_text(), re.M)
    if told is None or not pin or by_pip("--only-binary", ":all:", pin.group()):
        return False
    command = ["-m", "uv", "pip", "install", "--python", str(VENV / "bin" / "python")]
    # Of several indexes pip takes the best version, not the first; and it compiles to bytecode,
    # which the sandbox of the grader, where .venv is read-only, could not do for itself.
    command += ["--no-config", "--index-strategy", "unsafe-best-match", "--compile-bytecode"]
    return run([*command, *requirements(lists)], told).returncode == 0


def as_uv_is_told():
    """Return the environment in which uv looks where pip does; None if only pip could."""
    told = {k: v for k, v in os.environ.items() if k[:3] != "UV_" or k == "UV_CACHE_DIR"}
    listed = run(["-m", "pip", "config", "list"])
    if listed.returncode != 0:
        return None
    found = re.findall(r"^(global|install|:env:)\.([\w-]+)=(.+)$", listed.stdout.decode(), re.M)
    for _, name, value in sorted(found, key=lambda row: row[0] == ":env:"):
        if name in PIP_ONLY:
            return None
        if name in SETTINGS:
            between = "," if name == "find-links" else " "
            told[SETTINGS[name]] = between.join(ast.literal_eval(value).split())
    return told


def by_pip(*arguments):
    """Install with pip; return its words if that failed, and nothing if it did not."""
    done = run(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", *arguments])
    return (done.stdout.decode(errors="replace") or "pip failed.") if done.returncode else ""


def run(options, environment=None):
    """Run the Python of ``.venv`` in the course's folder, and keep what it says."""
    return subprocess.run(
        [str(VENV / "bin" / "python"), *options],
        cwd=str(ROOT),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


def stop(sentence):
    """End with one sentence and no traceback."""
    sys.exit("\n" + sentence)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "course")
