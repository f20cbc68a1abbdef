"""Who is known, and which files below ``submitted`` are whose."""

from typing import NamedTuple

from nbgrader.api import Gradebook

from course_lib.notebook.checks import normal_id
from grading.foreign.text import printable
from grading.intake.uploads import find_uploads

__all__ = ["Own", "file_of", "grading_folder", "own_files", "shown", "students"]


class Own(NamedTuple):
    """What lies in the folder of submissions: the uploads that are somebody's, by file.

    Attributes
    ----------
    alone : list of Path
        Files that hold nothing of others.
    shared : list of Path
        Archives that hold files of others too.
    uploads : list
    """

    alone: list
    shared: list
    uploads: list


def grading_folder(store):
    """Where all of it lies."""
    return store.root / "grading"


def shown(path, folder):
    """A path in a sentence."""
    return printable(path.relative_to(folder).as_posix())


def own_files(store, labs, student):
    """The files of a student below ``submitted``, wherever they lie."""
    uploads, _ = find_uploads(store.submitted, labs, store.students())
    uploads = [one for upload in uploads for one in (upload, *upload.older)]
    holders, mine = {}, []
    for upload in uploads:
        path = file_of(store.submitted, upload.origin)
        holders.setdefault(path, set()).add(normal_id(upload.student))
        if normal_id(upload.student) == student:
            mine.append(upload)
    theirs = sorted(path for path, who in holders.items() if path and student in who)
    alone = [path for path in theirs if holders[path] == {student}]
    return Own(alone, [path for path in theirs if path not in alone], mine)


def file_of(submitted, origin):
    """The file on disk that an origin such as ``class.zip:ann/LAB.ipynb`` lies in."""
    parts = origin.split(":")
    for last in range(1, len(parts) + 1):
        path = submitted / ":".join(parts[:last])
        if path.is_file():
            return path
    return None


def students(store):
    """All who are known, by `normal_id`, in a spelling of theirs."""
    found = {}
    for room in (store.submitted, store.feedback, store.graded, grading_folder(store) / "earlier"):
        if room.is_dir():
            names = [one.name for one in sorted(room.iterdir()) if one.is_dir()]
            found |= {normal_id(name): name for name in names if not name.startswith(".")}
    with Gradebook(store.db_url) as book:
        found |= {normal_id(one.id): one.id for one in book.students}
    return found
