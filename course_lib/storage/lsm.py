"""A log-structured merge tree: a store that only ever writes in order.

LSMTree   puts, deletes, lookups and scans of bytes
Written   where its bytes went
"""

import itertools
from typing import NamedTuple

import numpy as np

from course_lib._sketch import hash_items
from course_lib._validation import check_count, check_flag, check_number
from course_lib.cost import Meter
from course_lib.storage import _manifest as files
from course_lib.storage._entries import entry, key_of
from course_lib.storage._memtable import Memtable
from course_lib.storage._scans import scan
from course_lib.storage.disks import FileDisk, MemoryDisk
from course_lib.storage.lsm_model import MOST_BITS, monkey_bits
from course_lib.storage.runs import SortedRun, as_key, as_value, joined, merge_data

__all__ = ["LSMTree", "Written"]

NOWHERE = np.empty(0, np.uint8)
ZEROS = bytes(8)


class Written(NamedTuple):
    """Bytes that a tree was given, and those that it wrote for them."""

    put: int  # entries that were put or deleted
    log: int  # to the log, each entry once, with a checksum
    flushed: int  # to runs, from the memory table
    merged: int  # to runs, from other runs

    @property
    def amplification(self):
        """Bytes written to runs for each byte that was put, or 0; the log is not counted."""
        return (self.flushed + self.merged) / self.put if self.put else 0.0


class LSMTree:
    r"""A sorted map of bytes to bytes that writes in order, and never in place.

    Parameters
    ----------
    disk : MemoryDisk, FileDisk, str or path, optional
        Where runs and log are; a text or path is a folder. What is there is taken up: the tree is
        as it was, with every write whose log record is whole. Not given: a new `MemoryDisk`.
    memtable_bytes : int, default 2**20
        :math:`B`: the memory table becomes a run when that many bytes were put.
    ratio : int, default 10
        :math:`T`, at least 2: level i, counted from 0, goes down when it has
        :math:`B\, T^{i+1}` bytes.
    bits_per_key : float, default 10
        Of the Bloom filters, on average over all keys.
    filters : {"monkey", "uniform"}, default "monkey"
        Whether the bits go to the levels as `monkey_bits` says, for full levels, or evenly.
    block_bytes : int, default 4096
    sync : bool, default False
        Whether a write is on the device when it returns; else call `sync`.
    meter : Meter, optional
        Counts ``written_bytes`` of log and runs, and ``blocks`` and ``bytes`` read by lookups and
        scans; merges read ``bytes``.

    Raises
    ------
    ValueError, TypeError
        If a number is out of range or of the wrong type; if a file is damaged, other than at the
        end of the log.

    Notes
    -----
    A write goes to the log and to the memory table, a dict. A full table is sorted and merged
    with the run of level 0; a full level is merged with the next. So each level has one run
    (leveled compaction, always of whole levels). A delete writes a tombstone, which is dropped
    when it comes to the last level. Of the runs, only first keys of blocks and filters are held in
    memory, if the disk is a folder; opening reads them once.

    **Cost.** With :math:`n = B T^L` different entries each is written about
    :math:`1 + L (T+1)/2` times, see `leveled_amplification`. A lookup reads a block of each level
    whose filter does not deny the key, see `expected_false_reads`; a scan reads its range in
    every level.

    **Guarantee.** Answers as a dict would. After a crash: as after some prefix of the writes, which
    holds at least all that were synced.

    References
    ----------
    .. [1] P. O'Neil, E. Cheng, D. Gawlick, E. O'Neil, "The log-structured merge-tree (LSM-tree)",
       Acta Informatica 33, 1996.
    .. [2] F. Chang et al., "Bigtable: a distributed storage system for structured data", OSDI
       2006, Section 5.3.
    .. [3] N. Dayan, M. Athanassoulis, S. Idreos, "Monkey: optimal navigable key-value store",
       SIGMOD 2017.

    Examples
    --------
    >>> disk = MemoryDisk()
    >>> tree = LSMTree(disk)
    >>> tree.put(b"to", b"1"); tree.put(b"be", b"2"); tree.delete(b"to")
    >>> tree.get(b"be"), tree.get(b"to"), list(tree.scan())
    (b'2', None, [(b'be', b'2')])
    >>> LSMTree(disk).get(b"be")
    b'2'
    """

    def __init__(
        self,
        disk=None,
        *,
        memtable_bytes=1 << 20,
        ratio=10,
        bits_per_key=10.0,
        filters="monkey",
        block_bytes=4096,
        sync=False,
        meter=None,
    ):
        self.memtable_bytes = check_count(memtable_bytes, "memtable_bytes", low=1)
        self.ratio = check_count(ratio, "ratio", low=2)
        self.bits_per_key = check_number(bits_per_key, "bits_per_key", low=0.0, high=MOST_BITS)
        if filters not in ("monkey", "uniform"):
            raise ValueError(f'filters must be "monkey" or "uniform"; got {filters!r}.')
        if meter is not None and not isinstance(meter, Meter):
            raise TypeError(f"meter must be a Meter or None; got {meter!r}.")
        self.filters, self.meter = filters, Meter() if meter is None else meter
        self.block_bytes = check_count(block_bytes, "block_bytes", low=1)
        self._syncs = check_flag(sync, "sync")
        self.disk = _as_disk(disk)
        self._put = self._logged = self._flushed = self._merged = 0
        self._open()

    @property
    def levels(self):
        """The run of each level, a tuple of `SortedRun` or None, the newest first."""
        return tuple(self._runs)

    @property
    def written(self):
        """What was written since it was opened, a `Written`."""
        return Written(self._put, self._logged, self._flushed, self._merged)

    def put(self, key, value):
        """Set the value of a key, both bytes."""
        if value is None:
            raise TypeError("a value must be bytes; got None, use delete.")
        self._write(key, value)

    def delete(self, key):
        """Forget a key, be it there or not."""
        self._write(key, None)

    def get(self, key, default=None):
        """Return the value of a key, or ``default``."""
        here, value = self._memtable.get(as_key(key))
        if here:
            return default if value is None else value
        text = np.frombuffer(key + ZEROS, np.uint8)
        for run in self._runs:
            if run is not None:
                position, block, there = run.look_up(text)
                if block >= 0:
                    self.meter.blocks += 1
                    self.meter.bytes += run.block_nbytes(block)
                if there:
                    value = run.value(position)
                    return default if value is None else value
        return default

    def get_many(self, keys):
        """Return the values of a sequence of keys, a list with None where there is none."""
        keys = [as_key(key) for key in keys]
        found = [self._memtable.get(key) for key in keys]
        values = [value for _, value in found]
        rest = [i for i, (here, _) in enumerate(found) if not here]
        if rest:
            for i, value in zip(rest, self._search([keys[i] for i in rest]), strict=True):
                values[i] = value
        return values

    def scan(self, start=None, stop=None):
        """Yield ``(key, value)`` in the order of keys, from ``start`` on and before ``stop``.

        Parameters
        ----------
        start, stop : bytes, optional
            Not given: from the first, to the last.

        Yields
        ------
        tuple of (bytes, bytes)
            As they were when the scan began.
        """
        for key in (start, stop):
            if key is not None:
                as_key(key)
        table = SortedRun(
            *self._memtable.between(start, stop), bits_per_key=0.0, block_bytes=self.block_bytes
        )
        runs = [run for run in self._runs if run is not None]
        return scan([table, *runs], start, stop, self.meter)

    def flush(self):
        """Make a run of what is in the memory table, and merge it where it belongs."""
        if not self._memtable:
            return
        data, _ = self._memtable.between()
        self._flushed += len(data)
        self.meter.written_bytes += len(data)
        names, old = list(self._names), [self._log]
        level = 0
        while len(data):
            if level == len(self._runs):
                self._runs.append(None)
                names.append(None)
            data = self._merge_into(level, data, names, old)
            level += 1
        self._log, self._memtable, self._log_bytes = self._name("log"), Memtable(), 0
        self._names = names
        files.write_manifest(self.disk, self._log, names)
        for name in old:
            self.disk.delete(name)

    def sync(self):
        """Bring every write so far to the device."""
        self.disk.sync(self._log)

    def close(self):
        """Sync, and close the files."""
        self.sync()
        self.disk.close()

    # What happens inside.

    def _open(self):
        """Take up what is on the disk: the runs of the manifest, then the log on top."""
        self._log, self._names = files.read_manifest(self.disk)
        runs = self._names
        self._runs = [name and files.read_run(self.disk, name, self.block_bytes) for name in runs]
        known = {self._log, *self._names, files.MANIFEST}
        used = [int(name.rpartition("-")[2]) for name in known - {None, files.MANIFEST}]
        self._numbers = itertools.count(max(used, default=-1) + 1)
        for name in self.disk.names():
            if name not in known and name.startswith(("log-", "run-", files.MANIFEST)):
                self.disk.delete(name)  # from a flush that did not come to its end
        if self._log is None:
            self._log = self._name("log")
            files.write_manifest(self.disk, self._log, self._names)
        log = self.disk.read(self._log)
        entries, whole = files.read_log(log)
        if whole < len(log):
            self.disk.write(self._log, log[:whole])
        self._log_bytes = sum(map(len, entries))
        self._memtable = Memtable((key_of(line), line) for line in entries)

    def _name(self, kind):
        return f"{kind}-{next(self._numbers)}"

    def _write(self, key, value):
        bytes_ = entry(as_key(key), as_value(value))
        line = files.record(bytes_)
        self.disk.append(self._log, line)
        if self._syncs:
            self.disk.sync(self._log)
        self._memtable.set(key, bytes_)
        self._put += len(bytes_)
        self._logged += len(line)
        self.meter.written_bytes += len(line)
        self._log_bytes += len(bytes_)
        if self._log_bytes >= self.memtable_bytes:
            self.flush()

    def _merge_into(self, level, data, names, old):
        """Merge entries into a level; return those that it passes on, and note what is gone."""
        run, last = self._runs[level], not any(run for run in self._runs[level + 1 :])
        rows = [data] if run is None else [data, run.data]
        self.meter.bytes += sum(map(len, rows[1:]))
        data, count = merge_data(rows, forget=last)
        self._merged += len(data)
        self.meter.written_bytes += len(data)
        if names[level] is not None:
            old.append(names[level])
        self._runs[level] = names[level] = None
        if len(data) >= self.memtable_bytes * self.ratio ** (level + 1):
            return data
        if count:
            bits = self._bits(level, count)
            made = SortedRun(data, count, bits_per_key=bits, block_bytes=self.block_bytes)
            names[level] = self._name("run")
            files.write_run(self.disk, names[level], made, bits)
            self._runs[level] = made
        return NOWHERE

    def _bits(self, level, count):
        """Bits a key for the filter of a level, if all levels above the last are full."""
        if self.filters == "uniform":
            return self.bits_per_key
        sizes = [float(self.ratio**i) for i in range(len(self._runs))]
        return float(monkey_bits(sizes, self.bits_per_key)[level])

    def _search(self, keys):
        """The values of keys that are not in the memory table, level by level."""
        values, hashes = [None] * len(keys), hash_items(keys)
        flat = joined(keys)
        ends = np.cumsum(np.fromiter(map(len, keys), np.int64, len(keys)))
        rest = np.arange(len(keys))
        for run in self._runs:
            if run is None or not len(rest):
                continue
            maybe = run.may_hold(hashes[rest])
            asked = rest[maybe]
            places = run.find(flat, ends, asked)
            self._count_blocks(run, places[:, 1])
            there = places[:, 2] == 1
            for i, place in zip(asked[there].tolist(), places[there, 0].tolist(), strict=True):
                values[i] = run.value(place)
            rest = np.concatenate([rest[~maybe], asked[~there]])
        return values

    def _count_blocks(self, run, blocks):
        self.meter.blocks += len(blocks)
        self.meter.bytes += int(run.block_nbytes(blocks).sum())


def _as_disk(disk):
    if disk is None:
        return MemoryDisk()
    return disk if isinstance(disk, MemoryDisk | FileDisk) else FileDisk(disk)
