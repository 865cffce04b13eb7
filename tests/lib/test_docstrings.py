"""Each public name of the library says what it is, in a sentence, and names the errors that it raises."""

import ast
import builtins
import importlib
import inspect
import re
from pathlib import Path

import pytest

import backprop_lib as bp
from backprop_lib.scalar import Value
from backprop_lib.tensor import Tensor

LIBRARY = Path(bp.__file__).parent
LISTED = ("functional", "nn", "nn.init", "nn.utils", "optim", "optim.lr_scheduler", "autograd")
ERRORS = {
    name for name, value in vars(builtins).items() if isinstance(value, type) and name.endswith("Error")
}


def of_class(name, kind):
    """Public methods and properties, forward aside, of which the class itself says what it gives."""
    for each in dir(kind):
        if each in dir(BaseException):
            continue
        found = inspect.getattr_static(kind, each)
        named = inspect.isroutine(found) or isinstance(found, property | classmethod | staticmethod)
        if named and not each.startswith("_") and each != "forward":
            yield f"{name}.{each}", found


def public():
    """Pairs (name, object): what a user can name."""
    for name in dir(bp):
        found = getattr(bp, name)
        if inspect.ismodule(found) or inspect.isroutine(found) or isinstance(found, type):
            yield name, found
    for path in LISTED:
        module = importlib.import_module(f"backprop_lib.{path}")
        for name in getattr(module, "__all__", None) or own(module):
            found = getattr(module, name)
            yield f"{path}.{name}", found
            if isinstance(found, type):
                yield from of_class(f"{path}.{name}", found)
    yield from of_class("Tensor", Tensor)
    yield from of_class("Value", Value)


def own(module):
    return [
        n for n, v in vars(module).items() if n[0] != "_" and getattr(v, "__module__", "") == module.__name__
    ]


PUBLIC = dict(public())


def docstring(name):
    """The docstring, or that of the method which it overrides."""
    path, _, last = name.rpartition(".")
    owner = PUBLIC.get(path)
    for base in owner.__mro__ if isinstance(owner, type) else ():
        if text := inspect.getdoc(vars(base).get(last)):
            return text
    return inspect.getdoc(PUBLIC[name]) or ""


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_a_docstring_that_begins_with_a_sentence(name):
    first = docstring(name).partition("\n\n")[0]
    assert re.match(r"\S.*?[.:](\s|$)", first, re.S), f"{name}: {first!r}"
    assert first.rstrip().endswith((".", ":")), f"{name}: {first!r}"


def functions():
    """Pairs (place, node) of the public functions and methods in the source."""
    for file in sorted(LIBRARY.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in tree.body:
            inner = node.body if isinstance(node, ast.ClassDef) and node.name[0] != "_" else ()
            for each in (node, *inner):
                if isinstance(each, ast.FunctionDef):
                    owner = node if each is not node else None
                    if each.name[0] != "_" or each.name == "__init__":
                        yield f"{file.relative_to(LIBRARY)}:{each.name}", each, owner


def raised(function):
    """The names of the exceptions that stand in `raise` statements of a function."""
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and node.exc is not None:
            call = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(call, ast.Name) and call.id in ERRORS:
                yield call.id


FUNCTIONS = [(place, node, owner) for place, node, owner in functions() if {*raised(node)}]


@pytest.mark.parametrize(("place", "node", "owner"), FUNCTIONS, ids=[place for place, _, _ in FUNCTIONS])
def test_a_docstring_names_the_errors_that_the_function_raises(place, node, owner):
    text = ast.get_docstring(node) or ""
    if owner is not None and node.name in ("__init__", "forward", "_update"):
        text += ast.get_docstring(owner) or ""
    named = {name for name in ERRORS if name in text}
    assert {*raised(node)} - named - {"NotImplementedError"} == set() or "raises as" in text


TEXTS = {name: docstring(name) for name in PUBLIC}


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if re.search(r"\b[Rr]aises\b", text)])
def test_what_is_said_to_raise_names_the_error(name):
    for sentence in re.findall(r"[Rr]aises\b[^.]*", TEXTS[name]):
        assert re.search(r"\w+Error\b|\bas\b", sentence), f"{name}: {sentence!r}"
