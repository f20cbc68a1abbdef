"""What a rehearsal shows, counted from the files that the instructor's commands wrote."""

import csv
import math
from collections import Counter

from grading.run.regrade import needed

__all__ = [
    "copies",
    "grades",
    "listed",
    "moved",
    "ran",
    "rank",
    "results",
    "settled",
    "table",
]


def results(records):
    """Return ``{"STUDENT LAB": {test: [points, max, status, message]}}`` of all gradings."""
    return {
        " ".join(key): {
            test: [one[field] for field in ("points", "max", "status", "message")]
            for test, one in record["results"].items()
        }
        for key, record in sorted(records.items())
    }


def rows(path):
    """Return the rows of a table that a command wrote."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def copies(folder, people, labs):
    """Count the copies among the pairs that are listed, and the honest pairs.

    Returns
    -------
    dict
        ``found`` and ``missed`` copies, ``honest`` pairs that are listed, each as
        ``"LAB FIRST SECOND"``; ``pairs``, how many there are.
    """
    made = {
        f"{lab} {' '.join(sorted((one.name, origin)))}"
        for one in people
        for lab, origin in one.origin.items()
    }
    named = {
        f"{lab} {' '.join(sorted((row['first'], row['second'])))}"
        for lab in labs
        for row in rows(folder / f"{lab}.csv")
    }
    handed = [sum(lab in one.late for one in people) for lab in labs]
    return {
        "copies": len(made),
        "found": sorted(made & named),
        "missed": sorted(made - named),
        "honest": sorted(named - made),
        "pairs": sum(math.comb(n, 2) for n in handed) - len(made),
    }


def rank(path, fault):
    """Say where the broken test stands in the item analysis, 1 being the top."""
    every = rows(path)
    mine = [row for row in every if row["lab"] == fault.lab]
    every.sort(key=lambda row: (not row["remark"], -float(row["alone"] or 0)))
    at = next(place for place, row in enumerate(mine) if row["test"] == fault.test)
    row = mine[at]
    return {
        "in its lab": at + 1,
        "tests of its lab": len(mine),
        "in all labs": every.index(row) + 1,
        "tests of all labs": len(every),
        "alone": row["alone"],
        "difficulty": row["difficulty"],
        "remark": row["remark"],
        "other remarks": sum(bool(one["remark"]) for one in every) - bool(row["remark"]),
    }


def grades(people, labs, marks, policy):
    """Return what each student should get for each lab, by the rules, from the points."""
    found = {}
    for one in people:
        left = policy.late_days
        for lab in labs:
            points = sum(result[0] for result in marks.get(f"{one.name} {lab}", {}).values())
            hours = one.late.get(lab, 0) - 24 * one.extension.get(lab, 0)
            days = math.ceil(hours / 24) if 60 * hours > policy.grace_minutes else 0
            free = min(days, left)
            left -= free
            if lab in one.late:
                found[one.name, lab] = points * (1 - min(1, policy.per_day * (days - free)))
    return found


def settled(path, rules):
    """Compare the table for Canvas with what the rules say; empty cells are labs not handed in."""
    written = {
        (row["SIS Login ID"], lab): float(value)
        for row in rows(path)
        if row["SIS Login ID"]
        for lab, value in list(row.items())[5:]
        if value
    }
    right = sum(abs(written.get(key, math.inf) - value) < 0.006 for key, value in rules.items())
    return {"grades": len(rules), "as the rules say": right, "more": len(written.keys() - rules)}


def moved(before, after, fault):
    """Compare two gradings of the class.

    Returns
    -------
    dict
        ``gained`` and ``lost``, who has other points in the broken test; ``rejected``, whose
        answer passed everything else in the exercise and not that test, and how many of them
        ``regained`` it; ``others changed``, how many other results differ in anything.
    """
    test, exercise = fault.test, "-".join(fault.test.split("-")[1:3])
    mine = {key for key in before if key.endswith(f" {fault.lab}")}
    change = {key: after[key][test][0] - before[key][test][0] for key in mine}
    siblings = [name for name in before[min(mine)] if f"-{exercise}" in name and name != test]
    rejected = {
        key
        for key in mine
        if not _full(before[key][test]) and all(_full(before[key][name]) for name in siblings)
    }
    return {
        "gained": sorted(key.split()[0] for key in mine if change[key] > 0),
        "lost": sorted(key.split()[0] for key in mine if change[key] < 0),
        "rejected": len(rejected),
        "regained": sum(_full(after[key][test]) for key in rejected),
        "others changed": sum(
            after.get(key, {}).get(name) != result
            for key, tests in before.items()
            for name, result in tests.items()
            if not (key in mine and name == test)
        ),
    }


def _full(result):
    return result[0] == result[1]


def listed(path, fault):
    """Return who gained and who lost by the table of changes."""
    found = [row for row in rows(path) if (row["lab"], row["test"]) == (fault.lab, fault.test)]
    gains = {row["student"]: float(row["after"]) - float(row["before"]) for row in found}
    return tuple(sorted(one for one, gain in gains.items() if gain * sign > 0) for sign in (1, -1))


def ran(lines, lab, fault):
    """Count the test cells that ran after the repair, those of the lab's own solution aside.

    Parameters
    ----------
    lines : list of str
        ``LAB CELL`` for each run.
    lab : grading.lab.Lab
        The one that was repaired; its solution was graded once.
    fault : population.Fault

    Returns
    -------
    dict
        ``repaired`` and ``its check``, how often these ran; ``others``, all other runs.
    """
    count = Counter(lines)
    count.subtract(f"{lab.name} {cell.id}" for cell in lab.tests)
    checks = needed(lab, {fault.test}) - {fault.test}
    found = {
        "repaired": count[f"{lab.name} {fault.test}"],
        "its check": sum(count[f"{lab.name} {name}"] for name in checks),
    }
    return found | {"others": count.total() - sum(found.values())}


def table(done, fault):
    """Return the figures of a rehearsal as lines to print."""
    made, pairs, items, again = (done[name] for name in ("make", "compare", "analyze", "regrade"))
    ran_again, later, grades = again["ran"], again["items"], again["grades"]
    lines = {
        "students, submissions": f"{made['students']:,}, {made['submissions']:,}",
        "tests, each for each submission": f"{made['tests']:,}",
        "late, with extension": f"{made['late']}, {made['extensions']}",
        "first grading": _minutes(done["grade"]["seconds"]),
        "copies found": f"{len(pairs['found'])} of {pairs['copies']}",
        "copies missed": ", ".join(pairs["missed"]) or "none",
        "honest pairs listed": f"{len(pairs['honest'])} of {pairs['pairs']:,}",
        "broken test": f"{fault.test}, fails {items['alone']} of those who pass the rest",
        "its rank": f"{items['in its lab']} of {items['tests of its lab']} in its lab, "
        f"{items['in all labs']} of {items['tests of all labs']} in all",
        "its rank when repaired": f"{later['in its lab']} and {later['in all labs']}",
        "answers that only it failed": f"{again['rejected']}, of them {again['regained']} pass it "
        "when repaired",
        "gained, lost": f"{len(again['gained'])}, {len(again['lost'])}",
        "changes.csv says the same": "yes" if again["in changes.csv as found"] else "no",
        "regrade": _minutes(again["seconds"]),
        "ran again": f"{ran_again['repaired']} times the repaired test, {ran_again['its check']} "
        f"times its check, {ran_again['others']} times another",
        "other results that changed": f"{again['others changed']:,}",
        "grades that follow the rules": f"{grades['as the rules say']} of {grades['grades']}",
    }
    width = max(map(len, lines))
    return "\n".join(f"{name:{width}}  {text}" for name, text in lines.items())


def _minutes(seconds):
    return f"{seconds / 60:.1f} min" if seconds >= 100 else f"{seconds} s"
