"""The arrows of the house: who may import whom."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("search", "models", "storage", "dashboards")

# From a package to what of ours it may import; a name with a dot is one module.
ALLOWED = {
    "models": {"models"},
    "storage": {"storage"},
    "dashboards": {
        "dashboards",
        "storage",
        "search.binarization.binarization",
        "search.console.command",
        "search.confirmation.text",
        "search.binarization.cut_points",
        "search.binarization.encodings",
        "search.evaluation.metrics",
    },
    "search": {"search", "models", "storage"},
    "search.deploy.outputs": {"search", "storage", "dashboards"},
    "search.study": {"search", "models", "storage", "dashboards"},
    "search.light": {"search", "models", "storage", "dashboards"},
    "search.console.command": {"storage.database", "storage.secrets"},
    "search.binarization.encodings": set(),
    "search.binarization.cut_points": {"search.binarization.encodings"},
    "search.binarization.binarization": {"search.binarization.cut_points", "search.binarization.encodings"},
    "search.confirmation.text": {
        "search.console.command",
        "search.evaluation.metrics",
        "search.console.tables",
        "search.confirmation.verdicts",
    },
    "search.deploy.ties": {"storage.scores"},
    "search.confirmation.verdicts": set(),
    "search.evaluation.drift": {"search.binarization.encodings"},
    "search.evaluation.metrics": set(),
    "search.console.tables": set(),
    "search.sampling.space": {
        "search.binarization.binarization",
        "search.binarization.cut_points",
        "search.binarization.encodings",
    },
    "search.evaluation.intervals": {"search.evaluation.metrics"},
    "search.confirmation.statistics": {"search.evaluation.intervals"},
    "search.references.rules": {"search.binarization.cut_points", "search.binarization.encodings"},
    "search.references.catalogue": {
        "search.binarization.binarization",
        "search.binarization.cut_points",
        "search.binarization.encodings",
        "search.references.rules",
        "search.sampling.space",
    },
}


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


def test_imports_run_one_way():
    for module, file in modules().items():
        allowed = ALLOWED.get(module, ALLOWED[module.split(".")[0]])
        wrong = {i for i in imports(file) if i not in allowed and i.split(".")[0] not in allowed}
        assert not wrong, f"{module} imports {wrong}"


def test_there_is_no_cycle():
    graph = {module: imports(file) - {module} for module, file in modules().items()}
    assert list(TopologicalSorter(graph).static_order())


def test_nothing_imports_the_study():
    assert [m for m, file in modules().items() if "search.study" in imports(file)] == []


def test_an_init_holds_a_docstring_and_nothing_else():
    for module, file in modules().items():
        if file.name == "__init__.py":
            body = ast.parse(file.read_text(encoding="utf-8")).body
            assert len(body) == 1, module
            assert isinstance(body[0], ast.Expr), module


def test_the_map_of_each_package_names_its_modules():
    for package in ("search", "search.data", "models", "storage", "dashboards"):
        folder = ROOT / package.replace(".", "/")
        text = (folder / "__init__.py").read_text(encoding="utf-8")
        for file in folder.glob("*.py"):
            assert file.name == "__init__.py" or file.name in text, f"{file.name} is not on the map of {package}"


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
