"""What an LSM tree finds on its disk when it is opened: which runs, which log, and what is torn."""

import json
import struct
import zlib

from course_lib.storage._entries import HEAD, LENGTHS
from course_lib.storage.runs import SortedRun

__all__ = ["read_log", "read_manifest", "read_run", "record", "write_manifest", "write_run"]

MANIFEST = "manifest"
CHECK = struct.Struct("<I")
RUN = struct.Struct("<8sqdI")  # magic, entries, bits a key of the filter, CRC of the entries
MAGIC = b"SML run1"


def record(entry):
    """Return an entry as the log has it, behind its CRC."""
    return CHECK.pack(zlib.crc32(entry)) + entry


def read_log(data):
    """Return the entries of a log, up to the first that is torn or damaged, and their bytes."""
    entries, start, end = [], 0, len(data)
    while start + CHECK.size + HEAD <= end:
        first = start + CHECK.size
        key_size, value_size = LENGTHS.unpack_from(data, first)
        stop = first + HEAD + key_size + max(0, value_size - 1)
        entry = data[first:stop]
        if stop > end or zlib.crc32(entry) != CHECK.unpack_from(data, start)[0]:
            break
        entries.append(entry)
        start = stop
    return entries, start


def write_manifest(disk, log, levels):
    """Note the name of the log, and of the run of each level, all or nothing."""
    text = json.dumps({"log": log, "levels": levels}).encode()
    disk.write(MANIFEST, CHECK.pack(zlib.crc32(text)) + text)


def read_manifest(disk):
    """Return the name of the log, and of the run of each level; (None, []) of an empty disk."""
    data = disk.read(MANIFEST)
    if not data:
        return None, []
    text = data[CHECK.size :]
    if CHECK.pack(zlib.crc32(text)) != data[: CHECK.size]:
        raise ValueError("the manifest must be as it was written, and is damaged; use a copy.")
    noted = json.loads(text)
    return noted["log"], noted["levels"]


def write_run(disk, name, run, bits_per_key):
    """Write a run as a file."""
    head = RUN.pack(MAGIC, run.n_entries, bits_per_key, zlib.crc32(run.data))
    disk.write(name, b"".join((head, run.data)))


def read_run(disk, name, block_bytes):
    """Return the run in a file; its entries stay there, if the disk is a folder."""
    buffer = disk.map(name)
    if len(buffer) < RUN.size:
        raise ValueError(f"the file {name} must be a whole run, and is damaged; use a copy.")
    magic, count, bits, check = RUN.unpack_from(buffer)
    data = memoryview(buffer)[RUN.size :]
    if magic != MAGIC or zlib.crc32(data) != check:
        raise ValueError(f"the file {name} must be a whole run, and is damaged; use a copy.")
    return SortedRun(data, count, bits_per_key=bits, block_bytes=block_bytes)
