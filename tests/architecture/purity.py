"""Finds in source code what would let the world into the core: luck, files, the order of a set.

The import contracts forbid whole modules; this looks at what no import shows.
The order of a set follows `hash()`, which differs from one process to the next, so the core may
ask a set what it holds but never in which order.
A set is known by how it is written, or by the annotation or assignment of its name in the module;
one that comes out of a call escapes, and is left to the simulator, whose digests must be equal
under different hash seeds.
"""

import ast
from collections.abc import Iterator
from typing import Final

_FORBIDDEN_CALLS: Final = {
    "Random": "makes luck of its own: take a generator as a parameter",
    "__import__": "imports what no contract sees",
    "breakpoint": "stops for a person",
    "eval": "runs what it was given",
    "exec": "runs what it was given",
    "hash": "differs between processes",
    "id": "differs between runs",
    "input": "asks a person",
    "open": "reads or writes a file",
    "print": "writes to the terminal",
}
_SET_TYPES: Final = frozenset({"AbstractSet", "MutableSet", "Set", "frozenset", "set"})
_SET_MAKERS: Final = frozenset({"frozenset", "set"})
_ORDERING_CALLS: Final = frozenset({"dict", "enumerate", "filter", "iter", "list", "map", "tuple"})
_ORDER_BLIND_CALLS: Final = frozenset({"all", "any", "len", "sorted", "sum"}) | _SET_MAKERS
_ORDER_BLIND_UNLESS_TIED: Final = frozenset({"max", "min"})


def impurities(source: str) -> list[str]:
    """Each impurity of a module as `LINE: what`, by line; none means pure as far as is seen."""
    finder = _Finder(ast.parse(source))
    return [f"{line}: {what}" for line, what in sorted(finder.found)]


class _Finder(ast.NodeVisitor):
    def __init__(self, tree: ast.Module) -> None:
        self.found: set[tuple[int, str]] = set()
        self._sets = frozenset(_names_of_sets(tree))
        self._blind: set[ast.AST] = set()
        self.visit(tree)

    def _report(self, node: ast.expr | ast.stmt, what: str) -> None:
        self.found.add((node.lineno, what))

    def visit_If(self, node: ast.If) -> None:
        """What is imported for the type checker alone cannot be used at run time."""
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """`__hash__` may call `hash()`: what it gives stays inside this process's dictionaries."""
        if node.name != "__hash__":
            self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        if any(alias.name == "random" for alias in node.names):
            self._report(node, "import random: take a generator as a parameter (its type: Random)")

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.module == "random" and any(alias.name != "Random" for alias in node.names):
            self._report(node, "from random: only the type Random, for a parameter")

    def visit_Call(self, node: ast.Call) -> None:
        name = _called(node)
        if name in _FORBIDDEN_CALLS and (isinstance(node.func, ast.Name) or name == "Random"):
            self._report(node, f"{name}() {_FORBIDDEN_CALLS[name]}")
        if _order_blind(node):
            self._blind.update(node.args)
        elif name in _ORDERING_CALLS | _ORDER_BLIND_UNLESS_TIED | {"fromkeys", "join"}:
            for argument in node.args:
                self._check_order(argument)
        self.generic_visit(node)

    def visit_For(self, node: ast.For) -> None:
        self._check_order(node.iter)
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        self._check_order(node.value)
        self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        self._visit_comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        self._visit_comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        self._visit_comprehension(node)

    def _visit_comprehension(self, node: ast.ListComp | ast.DictComp | ast.GeneratorExp) -> None:
        if node not in self._blind:
            for generator in node.generators:
                self._check_order(generator.iter)
        self.generic_visit(node)

    def _check_order(self, node: ast.expr) -> None:
        if _is_set(node, self._sets):
            self._report(node, f"the order of a set: sort it first ({ast.unparse(node)})")


def _order_blind(node: ast.Call) -> bool:
    name = _called(node)
    if name in _ORDER_BLIND_UNLESS_TIED:
        return not any(keyword.arg == "key" for keyword in node.keywords)
    return isinstance(node.func, ast.Name) and name in _ORDER_BLIND_CALLS


def _called(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _is_set(node: ast.expr, names: frozenset[str]) -> bool:
    match node:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id=maker)):
            return maker in _SET_MAKERS
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in names
        case ast.BinOp(left=left, op=ast.BitOr() | ast.BitAnd() | ast.BitXor(), right=right):
            return _is_set(left, names) or _is_set(right, names)
        case ast.BinOp(left=left, op=ast.Sub()):
            return _is_set(left, names)
        case _:
            return False


def _names_of_sets(tree: ast.Module) -> Iterator[str]:
    """Names that are a set somewhere in the module: one name, one meaning, is the house's style."""
    for node in ast.walk(tree):
        match node:
            case ast.arg(arg=name, annotation=ast.expr() as annotation) if _is_set_type(annotation):
                yield name
            case ast.AnnAssign(
                target=ast.Name(id=name) | ast.Attribute(attr=name), annotation=annotation
            ) if _is_set_type(annotation):
                yield name
            case ast.Assign(
                targets=[ast.Name(id=name) | ast.Attribute(attr=name)], value=value
            ) if _is_set(value, frozenset()):
                yield name
            case _:
                pass


def _is_set_type(annotation: ast.expr) -> bool:
    match annotation:
        case ast.Subscript(value=ast.Name(id="Final"), slice=inner):
            return _is_set_type(inner)
        case ast.Subscript(value=base):
            return _is_set_type(base)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in _SET_TYPES
        case _:
            return False
