"""Students who do not exist: honest answers by rules, and copies of them.

Each student has a skill and a style. Skill decides for each exercise whether his answer starts
from the solution or from one of the lab's known mistakes, or stays empty. Style decides how the
start is rewritten, by transformations of the syntax tree that keep what the code computes:

========== ==================================================================================
renamed    variables get names from the student's own stock
named      parts of an expression become variables of their own
flipped    comparisons are turned around: ``a < b`` becomes ``b > a``
branched   ``if c: return x`` followed by the rest becomes ``if``/``else``, or the reverse
unrolled   ``for i in range(n)`` becomes a ``while`` loop
spelled    ``x.sum()`` becomes ``np.sum(x)``, ``x += y`` becomes ``x = x + y``
checked    assertions and conversions that a careful person adds
inverted   ``x / y`` becomes ``x * (1 / y)``, which may differ in the last bit
traced     counters and notes that a debugging person leaves behind
========== ==================================================================================

A copier takes the cells of another student, gives the variables new names, drops comments, turns
some comparisons around and moves functions.
"""

import ast
import builtins
import keyword
import string

__all__ = ["Style", "copied", "rewritten"]

HABITS = ["named", "flipped", "branched", "unrolled", "spelled", "checked", "traced", "inverted"]
STOCK = [
    "acc",
    "arr",
    "batch",
    "best",
    "cur",
    "data",
    "dim",
    "err",
    "guess",
    "idx",
    "item",
    "key",
    "left",
    "mat",
    "now",
    "out",
    "part",
    "prev",
    "res",
    "row",
    "temp",
    "tmp",
    "tot",
    "val",
    "vec",
    "work",
]
REDUCTIONS = {"sum", "mean", "max", "min", "std", "cumsum", "prod", "argmax", "argmin", "ravel"}
FLIPPED = {
    ast.Lt: ast.Gt,
    ast.Gt: ast.Lt,
    ast.LtE: ast.GtE,
    ast.GtE: ast.LtE,
    ast.Eq: ast.Eq,
    ast.NotEq: ast.NotEq,
}


class Style:
    """How a student writes: the probability of each habit, and a stock of names."""

    def __init__(self, rng):
        self.rng = rng
        for habit in HABITS:
            setattr(self, habit, rng.choice([0.0, 0.15, 0.5, 0.85]))
        self.names = rng.sample(STOCK, len(STOCK))

    def does(self, habit):
        """Whether the habit shows this time."""
        return self.rng.random() < getattr(self, habit)


def rewritten(source, style):
    """Return a function's source as a student of this style would have written it."""
    tree = ast.parse(source)
    for step in (_Spell, _Invert, _Flip, _Unroll, _Branch, _Name, _Check):
        tree = ast.fix_missing_locations(step(style).visit(tree))
    return ast.unparse(renamed(tree, style.names))


def copied(source, rng):
    """Return a copy that hides its origin: other names, no comments, other order of functions."""
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not isinstance(node, ast.Expr)]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) and len(node.body) > 1:
            node.body = node.body[1:]
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    others = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
    rng.shuffle(functions)
    tree.body = others + functions
    style = Style(rng)
    style.flipped = 0.2
    tree = ast.fix_missing_locations(_Flip(style).visit(tree))
    names = ["".join(rng.sample(string.ascii_lowercase, 4)) for _ in range(60)]
    return ast.unparse(renamed(tree, names))


def renamed(tree, names):
    """Give every variable that a function binds another name; arguments keep theirs."""
    for function in [node for node in tree.body if isinstance(node, ast.FunctionDef)]:
        kept = {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
        kept |= {
            name
            for node in ast.walk(function)
            if isinstance(node, ast.Global | ast.Nonlocal)
            for name in node.names
        }
        kept |= {node.name for node in ast.walk(function) if isinstance(node, ast.FunctionDef)}
        used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        own = sorted(
            {
                node.id
                for node in ast.walk(function)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
            }
            - kept
        )
        taken = used | kept | set(dir(builtins)) | set(keyword.kwlist)
        free = [name for name in names if name not in taken]
        table = dict(zip(own, free, strict=False))
        for node in ast.walk(function):
            if isinstance(node, ast.Name):
                node.id = table.get(node.id, node.id)
    return tree


class _Habit(ast.NodeTransformer):
    def __init__(self, style):
        self.style, self.count = style, 0

    def fresh(self, stem):
        self.count += 1
        return f"{stem}_{self.count}"


class _Spell(_Habit):
    def visit_Call(self, node):
        self.generic_visit(node)
        called = node.func
        plain = isinstance(called, ast.Attribute) and called.attr in REDUCTIONS
        module = (
            plain
            and isinstance(called.value, ast.Name)
            and called.value.id in ("np", "math", "scipy")
        )
        if plain and not module and self.style.does("spelled"):
            return ast.Call(
                ast.Attribute(ast.Name("np", ast.Load()), called.attr, ast.Load()),
                [called.value, *node.args],
                node.keywords,
            )
        return node

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        if (
            isinstance(node.target, ast.Name)
            and isinstance(node.value, ast.Constant)
            and self.style.does("spelled")
        ):
            return ast.Assign(
                [node.target], ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
            )
        return node


class _Invert(_Habit):
    def visit_BinOp(self, node):
        self.generic_visit(node)
        plain = isinstance(node.op, ast.Div) and not isinstance(node.left, ast.Constant)
        if plain and self.style.does("inverted"):
            inverse = ast.BinOp(ast.Constant(1), ast.Div(), node.right)
            return ast.BinOp(node.left, ast.Mult(), inverse)
        return node


class _Flip(_Habit):
    def visit_Compare(self, node):
        self.generic_visit(node)
        if len(node.ops) == 1 and type(node.ops[0]) in FLIPPED and self.style.does("flipped"):
            return ast.Compare(node.comparators[0], [FLIPPED[type(node.ops[0])]()], [node.left])
        return node


class _Unroll(_Habit):
    def visit_For(self, node):
        self.generic_visit(node)
        ranged = (
            isinstance(node.iter, ast.Call)
            and isinstance(node.iter.func, ast.Name)
            and node.iter.func.id == "range"
        )
        simple = (
            isinstance(node.target, ast.Name)
            and not node.orelse
            and len(getattr(node.iter, "args", ())) == 1
        )
        jumps = any(isinstance(part, ast.Continue | ast.Break) for part in ast.walk(node))
        if not (ranged and simple and not jumps and self.style.does("unrolled")):
            return node
        counter, end = self.fresh("count"), self.fresh("end")
        before = ast.parse(f"{counter} = 0\n{end} = 0").body
        before[1].value = node.iter.args[0]
        set_index = ast.Assign([node.target], ast.Name(counter, ast.Load()))
        step = ast.parse(f"{counter} = {counter} + 1").body
        test = ast.parse(f"{counter} < {end}", mode="eval").body
        return [*before, ast.While(test, [set_index, *node.body, *step], [])]


class _Branch(_Habit):
    def visit_FunctionDef(self, node):
        self.generic_visit(node)
        for position, part in enumerate(node.body):
            ends = isinstance(part, ast.If) and isinstance(part.body[-1], ast.Return | ast.Raise)
            if not ends:
                continue
            rest = node.body[position + 1 :]
            if rest and not part.orelse and self.style.does("branched"):
                part.orelse = rest
                node.body = node.body[: position + 1]
            elif part.orelse and not rest and self.style.does("branched"):
                node.body = [*node.body, *part.orelse]
                part.orelse = []
            break
        return node


class _Name(_Habit):
    """Take operands of assigned and returned expressions out into variables of their own."""

    def visit_Assign(self, node):
        return self._split(node)

    def visit_Return(self, node):
        return self._split(node)

    def _split(self, node):
        value = node.value
        if isinstance(value, ast.BinOp) and self.style.does("named"):
            return self._taken(node, value, "left" if self.style.rng.random() < 0.5 else "right")
        simple = ast.Starred | ast.GeneratorExp | ast.Name | ast.Constant
        called = isinstance(value, ast.Call) and value.args
        if called and not isinstance(value.args[0], simple) and self.style.does("named"):
            name = self.fresh("piece")
            first = ast.Assign([ast.Name(name, ast.Store())], value.args[0])
            value.args[0] = ast.Name(name, ast.Load())
            return [first, node]
        return node

    def _taken(self, node, value, side):
        part = getattr(value, side)
        if isinstance(part, ast.Name | ast.Constant) or (side == "right" and _calls(value.left)):
            return node
        name = self.fresh("piece")
        setattr(value, side, ast.Name(name, ast.Load()))
        return [ast.Assign([ast.Name(name, ast.Store())], part), node]


def _calls(node):
    return any(isinstance(part, ast.Call) for part in ast.walk(node))


class _Check(_Habit):
    def visit_FunctionDef(self, node):
        start = 1 if ast.get_docstring(node) else 0
        added, arguments = [], [one.arg for one in node.args.args]
        if arguments and self.style.does("checked"):
            added += ast.parse(self.style.rng.choice(CHECKS).format(arguments[0])).body
        if self.style.does("traced"):
            added += ast.parse(self.style.rng.choice(TRACES)).body
        node.body = [*node.body[:start], *added, *node.body[start:]]
        return node


CHECKS = [
    "assert {0} is not None, 'no input'",
    "if {0} is None:\n    raise ValueError('nothing to work on')",
    "try:\n    given = len({0})\nexcept TypeError:\n    given = 1",
    "if not hasattr({0}, '__len__') and callable({0}) is None:\n    raise TypeError('wrong kind')",
]
TRACES = [
    "verbose = False\nif verbose:\n    print('start')",
    "history = []\nhistory.append('begin')",
    "debug = {'calls': 0}\ndebug['calls'] = debug['calls'] + 1",
    "notes = 'checked by hand'\nassert len(notes) > 3",
]
