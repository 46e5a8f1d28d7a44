"""Rules of the house that neither ruff nor import-linter can check."""

import ast
import functools
import importlib.util
import itertools
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("training", "convert", "edge_runtime", "benchmarks", "web_demo")
INTERPRETERS = {"ai_edge_litert", "tflite_runtime", "tensorflow"}
# What an option of the runtime brings along; imported by name when it is asked for.
RUNTIME_EXTRAS = {
    "cryptography", "flatbuffers", "gpiozero", "paho", "picamera2", "pillow_heif"
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
# A room that outgrows this has more than one subject.
MOST_MODULES = 14

MODULES = [
    path
    for package in PACKAGES
    for path in sorted((ROOT / package).rglob("*.py"))
    if not {"build", "templates"} & {*path.parts}
]
ROOMS = sorted({path.parent for path in MODULES})


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


def _breaking(rule, paths=MODULES):
    """The modules that break a rule, relative to the checkout."""
    return [str(path.relative_to(ROOT)) for path in paths if rule(path)]


def test_every_package_has_rooms_to_check():
    assert {_package(path) for path in MODULES} == set(PACKAGES)


def test_every_room_says_what_happens_there():
    for room in ROOMS:
        assert ast.get_docstring(_nodes(room / "__init__.py")[0]), room


def test_no_room_is_overfull():
    crowded = {
        str(room.relative_to(ROOT)): len(
            [it for it in room.glob("*.py") if it.name != "__init__.py"]
        )
        for room in ROOMS
    }
    assert not {room: n for room, n in crowded.items() if n > MOST_MODULES}


def test_modules_that_run_by_their_path_hide_no_library():
    # Only the folder of a file that is run by its path comes first on the path.
    shown = [path for path in MODULES if path.parent.parent == ROOT]
    hidden = sys.stdlib_module_names | {"PIL", "flask", "keras", "numpy", "tqdm"}
    assert not _breaking(lambda path: path.stem in hidden, shown)


def test_modules_have_telling_names():
    assert not _breaking(lambda path: path.stem in DRAWERS)


def test_names_say_something():
    def empty(path):
        names = set(_given_names(_nodes(path)))
        return names & EMPTY_NAMES or (
            set(filter(EMPTY_VERBS.match, names)) - LIBRARY_METHODS
        )

    assert not _breaking(empty)


def test_no_failure_is_swallowed():
    def swallows(path):
        for node in _nodes(path):
            if isinstance(node, ast.ExceptHandler):
                caught = set(_loaded(node.type))
                wide = not caught or caught & {"Exception", "BaseException"}
                if wide and not _passes_on(node):
                    return True
        return False

    assert not _breaking(swallows)


def test_there_are_no_loose_ends():
    loose = re.compile(r"(TODO|FIXME|XXX)(?! #\d)")
    assert not _breaking(lambda path: loose.search(path.read_text(encoding="utf-8")))


def test_commands_run_from_the_checkout():
    def lost(path):
        text = path.read_text(encoding="utf-8")
        if 'if __name__ == "__main__"' not in text or path.stem == "__main__":
            return False
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        return not (f"python -m {module}" in text or GUARD.search(text))

    assert not _breaking(lost)


def _passes_on(handler):
    """Whether a handler raises, or tells which failure it was."""
    return any(
        isinstance(inner, ast.Raise)
        or (isinstance(inner, ast.Name) and inner.id == handler.name)
        or (isinstance(inner, ast.Attribute) and inner.attr == "print_exc")
        for inner in ast.walk(handler)
    )


def _loaded(expression):
    """Names that an ``except`` clause lists; none for a bare one."""
    if expression is not None:
        for node in ast.walk(expression):
            if isinstance(node, ast.Name):
                yield node.id


def _paths_of(package):
    return [path for path in MODULES if _package(path) == package]


def test_the_runtime_needs_numpy_pillow_and_one_interpreter():
    for path in _paths_of("edge_runtime"):
        foreign = set(_imports(_nodes(path))) - sys.stdlib_module_names
        interpreters = INTERPRETERS if path.stem == "interpreter" else set()
        assert foreign <= {"edge_runtime", "numpy", "PIL"} | interpreters, path


def test_the_runtime_imports_its_interpreter_only_when_asked():
    for path in _paths_of("edge_runtime"):
        at_import = _imports(ast.parse(path.read_text(encoding="utf-8")).body)
        assert not set(at_import) & INTERPRETERS, path


def test_the_runtimes_extras_are_imported_by_name_and_known():
    for path in _paths_of("edge_runtime"):
        for node in _nodes(path):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func)
                in ("importlib.import_module", "import_module")
                and isinstance(node.args[0], (ast.Constant, ast.JoinedStr))
            ):
                word = node.args[0]
                if isinstance(word, ast.JoinedStr):
                    word = word.values[0]
                if isinstance(word, ast.Constant):
                    name = str(word.value).partition(".")[0]
                    assert name in RUNTIME_EXTRAS | {"edge_runtime"}, (path, name)


def test_tests_are_no_packages():
    # A package tests/convert would hide the real one.
    assert not list((ROOT / "tests").rglob("__init__.py"))
    assert importlib.util.find_spec("convert").origin == str(
        ROOT / "convert/__init__.py"
    )
