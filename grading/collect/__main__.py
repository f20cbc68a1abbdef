"""Bring what a learning platform gave you to grading/submitted, without renaming a file.

    python -m grading.collect ~/Downloads/submissions.zip
    python -m grading.collect FILE FOLDER ... --lab 06 --zone Europe/Zurich

Canvas, Moodle, Blackboard, Brightspace, Gradescope and nbgrader are recognized by the names they
give. Who is meant is looked up in grading/roster.csv; what stays unclear goes to grading/who.csv,
where you name the student and run the same command again.
"""

import csv
import io
import sys
from collections import Counter
from pathlib import Path

from grading import course
from grading.foreign.clocks import read_zone
from grading.foreign.platforms import Who, own_name
from grading.foreign.text import Unreadable, likely, printable
from grading.intake.archives import Refused
from grading.records.people import read_people
from grading.records.report import spreadsheet_cell
from grading.records.store import CannotRecord, Store, write_whole

from .downloads import read_downloads
from .facts import facts_of, find_lab
from .place import Archive, Entry, digest_of
from .who import Pairs, Question, judged, person_key, read_answers

__all__ = ["Collection", "main"]

NOTEBOOK_BYTES = 50_000_000  # outputs included, as `make grade` reads it
LINES = 15  # of one kind on the screen; the table has all
HEAD = ("download", "file", "platform", "person", "student", "lab", "handed in", "what", "remark")


def main(arguments=None):
    """Run the command; return the exit code."""
    options = _parser().parse_args(arguments)
    return course.answered(_collect, options, refused=(CannotRecord, Unreadable))


def _collect(options):
    from grading.lab import load_config

    config = load_config(options.root)
    labs = list(course.lab_paths(options.root, config))
    asked = _lab(options.lab, labs) if options.lab else ""
    paths = [Path(one).expanduser() for one in options.files]
    if not paths:
        raise Unreadable(
            'Which files? Say make collect FILES="~/Downloads/submissions.zip", or a folder.'
        )
    for path in paths:
        if not path.exists():
            raise Unreadable(f"{path} is not there; give the file that the platform gave you.")
    zone = read_zone(options.zone) if options.zone else None
    store = Store(config)
    with store.alone():
        collection = Collection(store, labs, asked, options.id)
        collection.read(paths, zone)
        collection.settle()
        collection.write()
    return collection.tell()


def _lab(text, labs):
    for lab in labs:
        if course.is_meant(text, lab):
            return lab
    meant = likely(text, labs) or f"; labs are {', '.join(labs)}."
    raise Unreadable(f"There is no lab {printable(text)[:40]!r}{meant}")


class Collection:
    """One run.

    Parameters
    ----------
    store : store.Store
    labs : sequence of str
    asked : str
        The lab that all is of; empty if the notebooks tell.
    column : str
        Of the class list, the one that names students' folders.
    """

    def __init__(self, store, labs, asked="", column=""):
        self.folder, self.labs, self.asked = store.root / "grading", labs, asked
        self.people = read_people(self.folder / "roster.csv", column)
        self.answers = read_answers(self.folder / "who.csv", self.people)
        self.pairs = Pairs(self.folder / "pairs.csv", self.people, labs)
        self.archive = Archive(store.submitted, self.folder / "earlier")
        self.rows, self.notes, self.open, self.clear = [], [], [], []
        self.placed, self.late, self.carried = [], [], Counter()
        for sentence in (*self.people.notes, *self.answers.notes, *self.pairs.notes):
            self.notes.append(("", sentence))

    def read(self, paths, zone):
        """Read the downloads, and what each notebook says of itself."""
        self.found = read_downloads(paths, self.labs, zone)
        self.notes += self.found.notes
        self.hands, groups = [], {}
        for piece in self.found.pieces:
            try:
                raw = piece.read(NOTEBOOK_BYTES)
            except Refused as reason:
                self._row(piece, what="refused", remark=str(reason), noted=True)
                continue
            facts = facts_of(raw)
            lab = find_lab(piece.claim, facts, self.labs, self.asked)
            if not lab.name:
                self._row(piece, what="not taken", remark=lab.why, noted=True)
                continue
            group = piece.download, piece.claim.group, lab.name
            groups[group] = max(groups.get(group, 0), lab.rank)
            self.hands.append((group, piece, digest_of(raw), facts, lab))
        # A scratch book beside the notebook of the lab is no hand-in.
        for group, piece, _, _, lab in self.hands:
            if groups[group] and not lab.rank:
                self._row(piece, what="left out", remark="a notebook of the lab lies beside it")
        self.hands = [one for one in self.hands if one[4].rank or not groups[one[0]]]

    def settle(self):
        """Tell whose each notebook is, and put it in its place."""
        asked = []
        for hand in self.hands:
            _, piece, _, facts, _ = hand
            written = facts.written or own_name(piece.claim.rest[-1], self.labs)[0]
            for who in piece.claim.people or (Who(piece.claim.group.rpartition("/")[2]),):
                asked.append((hand, Question(piece.claim.platform, who, written)))
        questions = [question for _, question in asked]
        verdicts = judged(questions, self.people, self.answers, self.archive.persons)
        entries, raws, rows = [], {}, []
        for (hand, question), verdict in zip(asked, verdicts, strict=True):
            self._count_ids(question, verdict)
            piece, digest, lab = hand[1], hand[2], hand[4]
            if verdict.left_out:
                self._row(piece, question, what="left out", remark="by who.csv")
                continue
            if not verdict.students:
                self.open.append((question, verdict))
                self._row(piece, question, what="unclear", remark=verdict.why)
                continue
            self.clear.append(question)
            made = self._entries(hand, question, verdict)
            entries += made
            raws[digest] = lambda piece=piece: piece.read(NOTEBOOK_BYTES)
            remarks = [*verdict.remarks, lab.remark, hand[3].refused]
            rows += [(piece, question, one, "; ".join(filter(None, remarks))) for one in made]
        self.placed = self.archive.update(entries, raws)
        self._rows_of(rows)

    def _entries(self, hand, question, verdict):
        _, piece, digest, facts, lab = hand
        claim = piece.claim
        made = facts.made or own_name(claim.rest[-1], self.labs)[2]
        order = (lab.rank, claim.serial, lab.copy, made, str(piece.date))
        return [
            Entry(
                student,
                lab.name,
                digest,
                claim.platform,
                claim.group.rpartition("/")[2],
                person_key(question.platform, question.who),
                piece.origin,
                claim.time.isoformat() if claim.time else "",
                piece.seen,
                order,
                not facts.refused,
            )
            for student in self.pairs.all_of(verdict.students, lab.name)
        ]

    def _count_ids(self, question, verdict):
        """How many notebooks carry the folder's name, and how many another key of the student."""
        if self.people and question.written and len(verdict.students) == 1:
            student = self.people.by_key(verdict.students[0])
            if len(student) == 1 and question.written.casefold().strip() in student[0].keys:
                same = question.written.casefold().strip() == verdict.students[0].casefold()
                self.carried["same" if same else "other"] += 1

    def _rows_of(self, rows):
        winners = {(one.student.casefold(), one.lab): one for one in self.placed}
        for piece, question, entry, remark in rows:
            placed = winners.get((entry.student.casefold(), entry.lab))
            winner = placed.winner if placed else None
            if winner is None:
                what = "refused"
            elif winner.digest != entry.digest:
                what = "kept aside"
            else:
                what = placed.what
            self._row(piece, question, entry, what, remark, noted=bool(remark))
            if piece.claim.late and what in ("new", "replaced", "unchanged"):
                self.late.append(entry.student)
        for placed in self.placed:
            where = f"{placed.student}/{placed.lab}"
            if placed.what == "withdrawn":
                said = "nothing of this student's is left there: his file belongs to somebody else"
                self.notes.append((where, said))
            self.notes += [(where, note) for note in placed.notes]

    def _row(self, piece, question=None, entry=None, what="", remark="", noted=False):
        claim = piece.claim
        shown = (
            ", ".join(one.shown for one in claim.people)
            if question is None
            else (question.who.shown)
        )
        late = "; Canvas marks it LATE" * claim.late
        when = claim.time.strftime("%Y-%m-%d %H:%M:%S UTC") if claim.time else ""
        student, lab = (entry.student, entry.lab) if entry else ("", "")
        row = [piece.download, piece.origin, claim.platform, shown, student, lab, when, what]
        self.rows.append([printable(str(cell)) for cell in (*row, (remark + late).lstrip("; "))])
        if noted:
            self.notes.append((piece.origin, f"{remark}."))

    def write(self):
        """Write ``who.csv`` and the table of all files."""
        if self.open or self.answers.rows:
            text = self.answers.asked(self.open, self.clear)
            path = self.folder / "who.csv"
            if not path.exists() or path.read_bytes() != text.encode():
                write_whole(path, text)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(HEAD)
        writer.writerows([spreadsheet_cell(cell) for cell in row] for row in sorted(self.rows))
        write_whole(self.folder / "report" / "collect.csv", text.getvalue())

    def tell(self):
        """Print what was done; return the exit code."""
        for name, platforms in self.found.platforms.items():
            listed = ", ".join(f"{kind} ({n})" for kind, n in platforms.most_common())
            print(f"{name}: {listed}.")
        counts = Counter(one.what for one in self.placed)
        labs = ", ".join(sorted({one.lab for one in self.placed})) or "no lab"
        aside = sum(row[7] == "kept aside" for row in self.rows)
        print(
            f"{labs}: {counts['new']} new, {counts['replaced']} replaced, "
            f"{counts['unchanged']} unchanged; {aside} earlier ones kept in grading/earlier."
        )
        if not self.people:
            print("There is no grading/roster.csv: logins and the notebooks' ids were believed.")
        if self.carried["other"] > self.carried["same"]:
            print(
                f"{self.carried['other']} notebooks carry another id than the folder's name; say "
                f'with --id "COLUMN" which column of roster.csv your students write.'
            )
        if self.late:
            print(f"Canvas marks as LATE, and tells no time: {', '.join(sorted(set(self.late)))}.")
        if self.notes:
            print("To look at:")
        for where, sentence in self.notes[:LINES]:
            print(f"  {where}: {sentence}" if where else f"  {sentence}")
        if len(self.notes) > LINES:
            print(f"  and {len(self.notes) - LINES} more, in the table.")
        if self.open:
            print(
                f"Unclear: {len(self.open)}. Write the student into the last but one column of "
                f"{self.folder / 'who.csv'} and run the same command again."
            )
        print(f"Every file: {self.folder / 'report' / 'collect.csv'}")
        wrong = self.open or any(row[7] in ("refused", "not taken") for row in self.rows)
        return 1 if wrong or self.found.notes else 0


def _parser():
    parser = course.parser("python -m grading.collect", __doc__, lab=False)
    parser.add_argument("files", nargs="*", metavar="FILE", help="downloads, or folders of them")
    parser.add_argument("--lab", default="", help="all of it is of this lab, such as 06")
    parser.add_argument("--zone", default="", help="of times without one, such as Europe/Zurich")
    parser.add_argument(
        "--id", default="", metavar="COLUMN", help="of roster.csv, the id that your students write"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
