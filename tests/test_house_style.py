"""Rules of the house that a linter cannot check."""

import ast
import functools
import itertools
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "edge_runtime": set(),
    "training": {"edge_runtime"},
    "convert": {"edge_runtime", "training"},
    "benchmarks": {"edge_runtime"},
    "web_demo": {"edge_runtime"},
}
TENSORFLOW = {"tensorflow", "tf_keras", "tensorflow_model_optimization"}
INTERPRETERS = {"ai_edge_litert", "tflite_runtime", "tensorflow"}
DEPENDENCIES = {
    *TENSORFLOW, *INTERPRETERS,
    "PIL", "flask", "flatbuffers", "kagglehub", "keras", "matplotlib", "numpy",
    "plotly", "scipy", "sklearn", "tqdm", "waitress",
}  # fmt: skip
DRAWERS = {"utils", "util", "helpers", "common", "misc", "base", "core", "types"}
EMPTY_NAMES = {"data", "info", "img", "pred", "preds", "proc", "result2", "tmp", "foo"}
EMPTY_VERBS = re.compile("(get|do|handle|process)_")
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
# The lines that let a file be run by its path (CONTRIBUTING.md, "Commands").
GUARD = re.compile(
    r"^if not __package__:\n(    #.*\n)*"
    r"    sys\.path\[0\] = str\(Path\(__file__\)\.resolve\(\)\.parents\[1\]\)\n",
    re.MULTILINE,
)
# Names that a library calls and that are therefore not ours to choose.
LIBRARY_METHODS = {
    "do_GET",
    "get_config",
    "get_environment",
    "get_next",
    "handle_close",
}

MODULES = [
    path
    for package in MAY_IMPORT
    for path in sorted((ROOT / package).rglob("*.py"))
    if "build" not in path.parts
]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
every_module = pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: str(path.relative_to(ROOT))
)


@functools.cache
def _nodes(path):
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def _imports(nodes):
    """Top-level packages imported by these nodes."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


def _given_names(nodes):
    """Names that functions give: to themselves, variables and arguments.

    Fields of dataclasses do not count: a file format may have a ``data`` section.
    """
    functions = [node for node in nodes if isinstance(node, FUNCTIONS)]
    yield from (function.name for function in functions)
    for node in itertools.chain.from_iterable(map(ast.walk, functions)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


def _package(path):
    return path.relative_to(ROOT).parts[0]


def test_there_is_something_to_check():
    assert {_package(path) for path in MODULES} == set(MAY_IMPORT)


@every_module
class TestModule:
    def test_imports_only_downwards(self, path):
        ours = MAY_IMPORT.keys() & set(_imports(_nodes(path))) - {_package(path)}
        assert ours <= MAY_IMPORT[_package(path)]

    def test_fits_on_a_few_screens(self, path):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 250

    def test_hides_no_other_module(self, path):
        assert path.stem not in sys.stdlib_module_names | DEPENDENCIES

    def test_has_a_telling_name(self, path):
        assert path.stem not in DRAWERS

    def test_says_why_it_exists(self, path):
        assert ast.get_docstring(_nodes(path)[0])

    def test_gives_no_empty_names(self, path):
        names = set(_given_names(_nodes(path)))
        assert not names & EMPTY_NAMES
        assert not set(filter(EMPTY_VERBS.match, names)) - LIBRARY_METHODS

    def test_swallows_no_failure(self, path):
        for node in _nodes(path):
            if not isinstance(node, ast.ExceptHandler):
                continue
            caught = set(_loaded(node.type))
            if not caught or caught & {"Exception", "BaseException"}:
                raises = any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
                assert raises, f"line {node.lineno} hides which failure it was"

    def test_leaves_no_loose_ends(self, path):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(TODO|FIXME|XXX)(?! #\d)", text)

    def test_runs_from_the_checkout_when_started_as_a_file(self, path):
        text = path.read_text(encoding="utf-8")
        by_module_name = f"python -m {_package(path)}.{path.stem}" in text
        if 'if __name__ == "__main__"' not in text or by_module_name:
            return
        assert path.stem == "__main__" or GUARD.search(text)


def _loaded(expression):
    """Names that an ``except`` clause lists; none for a bare one."""
    if expression is not None:
        for node in ast.walk(expression):
            if isinstance(node, ast.Name):
                yield node.id


def _paths_of(package):
    return [path for path in MODULES if _package(path) == package]


@pytest.mark.parametrize("path", _paths_of("edge_runtime"), ids=lambda path: path.stem)
def test_runtime_needs_numpy_pillow_and_one_interpreter(path):
    foreign = set(_imports(_nodes(path))) - sys.stdlib_module_names - {"edge_runtime"}
    interpreters = INTERPRETERS if path.stem == "interpreter" else set()
    assert foreign <= {"numpy", "PIL"} | interpreters


@pytest.mark.parametrize("path", _paths_of("edge_runtime"), ids=lambda path: path.stem)
def test_runtime_imports_its_interpreter_only_when_asked(path):
    at_import = _imports(ast.parse(path.read_text(encoding="utf-8")).body)
    assert not set(at_import) & INTERPRETERS


@pytest.mark.parametrize("package", ["training", "benchmarks", "web_demo"])
def test_only_convert_imports_tensorflow(package):
    for path in _paths_of(package):
        assert not set(_imports(_nodes(path))) & TENSORFLOW, path


@pytest.mark.parametrize("package", ["benchmarks", "web_demo"])
def test_measuring_and_serving_need_no_keras(package):
    for path in _paths_of(package):
        assert "keras" not in set(_imports(_nodes(path))), path


def test_tests_are_no_packages():
    # A package tests/convert would hide the real one.
    assert not [path for path in TESTS if path.name == "__init__.py"]
