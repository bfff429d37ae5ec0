"""The arrows of the house: who may import whom."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from search.commands import COMMANDS

ROOT = Path(__file__).parent.parent
PACKAGES = ("search", "models", "storage", "dashboards")

COMMAND_MODULES = tuple(each.module for each in COMMANDS if each.module.startswith("search."))  # others: dashboards

# The stack, from the ground up: each may import itself and what stands in the lines above it.
STACK = (
    ("search.errors", "search.commands", "models", "storage"),
    ("search.binarization",),
    ("search.console", "search.sampling"),
    ("search.data",),
    ("search.evaluation",),
    ("search.references",),
    ("search.study_flags",),
    ("search.config",),
    ("search.arguments",),
    ("search.trials",),
    ("search.confirmation",),
    ("dashboards",),
    ("search.deploy",),
    tuple(module for module in COMMAND_MODULES if module != "search.study"),
    ("search.api",),
    ("search.study",),  # --confirm calls search.confirm
    ("search.__main__",),
)
LEVEL = {package: level for level, packages in enumerate(STACK) for package in packages}


def package_of(module: str) -> str:
    """The entry of the stack that a module belongs to."""
    return next(package for package in LEVEL if module == package or module.startswith(f"{package}."))


def modules() -> dict[str, Path]:
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    names = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}
    return {name.removesuffix(".__init__"): file for name, file in names.items()}


def imports(file: Path) -> set[str]:
    """Modules of ours that a file imports, anywhere in it."""
    found: set[str] = set()
    known = modules()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= inner & known.keys() or {node.module}
    return {name for name in found if name.split(".")[0] in (*PACKAGES, "tests", "benchmarks")}


def test_each_package_imports_only_what_stands_below_it():
    for module, file in modules().items():
        if module == "search":
            continue
        own = package_of(module)
        for imported in imports(file):
            other = package_of(imported)
            assert other == own or LEVEL[other] < LEVEL[own], f"{module} imports {imported}"


def test_there_is_no_cycle():
    graph = {module: imports(file) - {module} for module, file in modules().items()}
    assert list(TopologicalSorter(graph).static_order())


def test_an_init_holds_a_docstring_and_nothing_else():
    for module, file in modules().items():
        if file.name == "__init__.py":
            body = ast.parse(file.read_text(encoding="utf-8")).body
            assert len(body) == 1, module
            assert isinstance(body[0], ast.Expr), module


def test_the_map_of_each_package_names_its_modules():
    for folder in {file.parent for file in modules().values()}:
        if folder.name in ("migrations", "versions"):
            continue
        text = (folder / "__init__.py").read_text(encoding="utf-8")
        for file in folder.glob("*.py"):
            assert file.name == "__init__.py" or file.name in text, f"{file.name} is not on the map of {folder}"


def test_every_module_says_what_it_is():
    for module, file in modules().items():
        assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))), module


def test_a_room_does_not_outgrow_what_one_can_read():
    for module, file in modules().items():
        assert len(file.read_text(encoding="utf-8").splitlines()) <= 280, module


def test_nothing_unpickles_or_evaluates():
    for module, file in modules().items():
        text = file.read_text(encoding="utf-8")
        calls = {
            n.func.id for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)
        }
        assert not calls & {"eval", "exec", "__import__"}, module
        assert "import pickle" not in text, module
        assert "allow_pickle=True" not in text, module
