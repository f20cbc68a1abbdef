"""Where an LSM tree keeps what must survive: files in a folder, or what stands for them in memory.

MemoryDisk   files in memory, which forgets at a crash what was not synced
FileDisk     files in a folder
"""

import mmap
import os
import pathlib

__all__ = ["FileDisk", "MemoryDisk"]


class MemoryDisk:
    """Files in memory: a tree that is opened on it again finds them, as after a restart.

    Attributes
    ----------
    syncs : int
        Times that something was made safe.

    Examples
    --------
    >>> disk = MemoryDisk()
    >>> disk.append("log", b"safe"); disk.sync("log"); disk.append("log", b" or not")
    >>> disk.crash(); disk.read("log")
    b'safe'
    """

    def __init__(self):
        self._files, self._safe, self.syncs = {}, {}, 0

    def names(self):
        """Return the names of all files."""
        return list(self._files)

    def append(self, name, data):
        """Write at the end of a file, which is made if there is none; not safe yet."""
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = bytearray()
        file += data

    def sync(self, name):
        """Make all that was appended to a file safe from crashes."""
        self.syncs += 1
        self._safe[name] = len(self._files.get(name, b""))

    def write(self, name, data):
        """Write a whole file in place of an old one, all or nothing, and make it safe."""
        self.syncs += 1
        self._files[name] = data
        self._safe[name] = len(data)

    def read(self, name):
        """Return the content of a file; nothing if there is none."""
        return bytes(self._files.get(name, b""))

    def map(self, name):
        """Return the content of a file as a buffer that is read where it is."""
        return self._files[name]

    def delete(self, name):
        """Delete a file."""
        self._files.pop(name, None)
        self._safe.pop(name, None)

    def close(self):
        """Do nothing: memory stays."""

    def crash(self, kept=0):
        """Lose what was not synced, but for the first ``kept`` bytes of it in each file."""
        for name, data in list(self._files.items()):
            self._files[name] = bytearray(data[: self._safe.get(name, 0) + kept])
            self._safe[name] = len(self._files[name])


class FileDisk:
    """Files in a folder, which is made if there is none.

    Parameters
    ----------
    folder : str or path

    Notes
    -----
    What was appended and not synced may still be in this process. `sync` asks the system to bring
    it to the device (``fsync``), and `write` does so for a new file before it takes the place of
    the old one, and for the folder after.
    """

    def __init__(self, folder):
        self._folder = pathlib.Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._open = {}

    def names(self):
        """Return the names of all files."""
        return [path.name for path in self._folder.iterdir()]

    def append(self, name, data):
        """Write at the end of a file, which is made if there is none; not safe yet."""
        file = self._open.get(name)
        if file is None:
            new = not (self._folder / name).exists()
            file = self._open[name] = (self._folder / name).open("ab", buffering=1 << 16)
            if new:
                self._sync_folder()
        file.write(data)

    def sync(self, name):
        """Make all that was appended to a file safe from crashes."""
        if name in self._open:
            self._open[name].flush()
            os.fsync(self._open[name].fileno())

    def write(self, name, data):
        """Write a whole file in place of an old one, all or nothing, and make it safe."""
        fresh = self._folder / f"{name}.new"
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._folder / name)
        self._sync_folder()

    def read(self, name):
        """Return the content of a file; nothing if there is none."""
        path = self._folder / name
        return path.read_bytes() if path.exists() else b""

    def map(self, name):
        """Return the content of a file as a buffer that is read where it is."""
        path = self._folder / name
        if not path.stat().st_size:  # which cannot be mapped
            return b""
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def delete(self, name):
        """Delete a file."""
        if name in self._open:
            self._open.pop(name).close()
        (self._folder / name).unlink(missing_ok=True)

    def close(self):
        """Close the files that are appended to."""
        for file in self._open.values():
            file.close()
        self._open.clear()

    def _sync_folder(self):
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
