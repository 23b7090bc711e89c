"""The table in docs/security.md is whole and true: every requirement once, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in row) for row in re.findall(r"^\| (V[^|]+)\|([^|]+)\|(.+)\|$", TEXT, re.MULTILINE)
]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
REASONS = ("Absent", "Yours", "Not met", "Above", "[Deploying]", "A package")

ASVS = """
V1.1 1-2, V1.2 1-9, V1.3 1-11, V1.4 1-3, V1.5 1-2, V2.1 1-3, V2.2 1-3, V2.3 1-4, V2.4 1-1, V3.2 1-2, V3.3 1-4, V3.4 1-6,
V3.5 1-5, V3.7 1-2, V4.1 1-3, V4.2 1-1, V4.3 1-2, V4.4 1-4, V5.1 1-1, V5.2 1-3, V5.3 1-2, V5.4 1-3, V6.1 1-3, V6.2 1-12,
V6.3 1-4, V6.4 1-4, V6.5 1-5, V6.6 1-3, V6.8 1-4, V7.1 1-3, V7.2 1-4, V7.3 1-2, V7.4 1-5, V7.5 1-2, V7.6 1-2, V8.1 1-2,
V8.2 1-3, V8.3 1-1, V8.4 1-1, V9.1 1-3, V9.2 1-4, V10.1 1-2, V10.2 1-2, V10.3 1-4, V10.4 1-11, V10.5 1-5, V10.6 1-2,
V10.7 1-3, V11.1 1-2, V11.2 1-3, V11.3 1-3, V11.4 1-4, V11.5 1-1, V11.6 1-1, V12.1 1-3, V12.2 1-2, V12.3 1-4, V13.1 1-1,
V13.2 1-5, V13.3 1-2, V13.4 1-5, V14.1 1-2, V14.2 1-4, V14.3 1-3, V15.1 1-3, V15.2 1-3, V15.3 1-7, V16.1 1-1, V16.2 1-5,
V16.3 1-4, V16.4 1-3, V16.5 1-3, V17.1 1-1, V17.2 1-4, V17.3 1-2
"""
"""Sections of ASVS 5.0.0 with their requirements of level 1 and 2, which come first in each section."""


@cache
def sources() -> tuple[tuple[Path, ast.Module], ...]:
    """Return every module that runs, read."""
    files = [file for room in ("bot", "flows", "review", "storage") for file in sorted((ROOT / room).rglob("*.py"))]
    return tuple((file.relative_to(ROOT), ast.parse(file.read_text(encoding="utf-8"))) for file in files)


def test_every_requirement_stands_here_once() -> None:
    asked = [
        f"{section}.{number}"
        for section, first, last in re.findall(r"(V\d+\.\d+) (\d+)-(\d+)", ASVS)
        for number in range(int(first), int(last) + 1)
    ]
    assert len(asked) == 253, "70 of level 1 and 183 of level 2"
    stands = Counter(chain.from_iterable(row[0].split(", ") for row in ROWS))
    assert stands == Counter(asked)


def test_every_row_has_a_test_or_a_reason() -> None:
    for numbers, asks, held in ROWS:
        assert asks, numbers
        assert NAMED.search(held) or held.startswith(REASONS), f"{numbers}: neither a test nor a reason"


def test_every_test_that_is_named_exists() -> None:
    named = {(file, test) for row in ROWS for file, test in NAMED.findall(row[2])}
    assert len(named) > 80
    there = {
        (file, node.name)
        for file in {file for file, _ in named}
        for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert named - there == set()
    assert len(re.findall(r"`tests/", TEXT)) >= len(named), "and none is named in a way that is not looked at"


# --- what no test of behaviour can show ------------------------------------------------------------------------------

RUNS = {"eval", "exec", "compile", "__import__"}
DANGEROUS = {"pickle", "marshal", "shelve", "subprocess", "dill", "jsonpickle", "yaml", "xml", "lxml", "ctypes"}


EDITOR = ("bot/cli/stories.py", "subprocess")
"""Opens the editor of whoever types the command, named by their own environment."""


def test_nothing_is_run_evaluated_or_unpickled() -> None:
    found = []
    for file, tree in sources():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RUNS:
                found.append((str(file), node.func.id))
            names = (
                [one.name for one in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            found += [(str(file), name) for name in names if name.split(".")[0] in DANGEROUS]
            if isinstance(node, ast.Attribute) and node.attr in {"system", "popen"} and ast.unparse(node.value) == "os":
                found.append((str(file), ast.unparse(node)))
    assert found == [EDITOR]


OURS = re.compile(r"(table|name|index|column|mode|level|_?[A-Z_]+)", re.IGNORECASE)


def test_no_query_is_put_together_from_words() -> None:
    """Whatever is not written out in a query is a parameter, or a name of a table of ours."""
    found = []
    for file, tree in sources():
        if "migrations" in file.parts:
            continue
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and node.args and isinstance(node.func, ast.Name | ast.Attribute)):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
            if name not in {"text", "exec_driver_sql"}:
                continue
            query = node.args[0]
            if isinstance(query, ast.BinOp) or (isinstance(query, ast.Call) and ast.unparse(query).endswith(")")):
                found.append((str(file), ast.unparse(query)))
            if isinstance(query, ast.JoinedStr):
                put_in = [ast.unparse(part.value) for part in query.values if isinstance(part, ast.FormattedValue)]
                found += [(str(file), part) for part in put_in if not OURS.fullmatch(part.split(".")[-1])]
    assert found == []


def test_redirects_of_providers_are_not_followed() -> None:
    for client in ("sms/twilio_api", "telegram/bot_api"):
        source = (ROOT / "bot" / "channels" / f"{client}.py").read_text(encoding="utf-8")
        calls = re.findall(r"session\.(?:get|post|request)\(|\.(?:get|post|request)\(\s*(?:url|method)", source)
        assert calls
        assert source.count("allow_redirects=False") >= len(calls), client


def test_password_fields_work_with_password_managers() -> None:
    fields = [
        field
        for page in sorted((ROOT / "review" / "kit" / "templates").glob("*.html"))
        for field in re.findall(r"<input[^>]*password[^>]*>", page.read_text(encoding="utf-8"))
        if 'name="' in field
    ]
    assert len(fields) > 5
    for field in fields:
        assert 'type="password"' in field
        assert re.search(r'autocomplete="(current|new)-password"', field), field
        assert "onpaste" not in field


def test_no_script_of_ours_stores_anything() -> None:
    scripts = [*(ROOT / "bot" / "web" / "static").rglob("*.js"), *(ROOT / "review" / "kit" / "static").glob("*.js")]
    stores = re.compile(r"localStorage|sessionStorage|indexedDB|document\.cookie|serviceWorker|caches\.")
    assert [script.name for script in scripts if stores.search(script.read_text(encoding="utf-8"))] == []
    base = (ROOT / "review" / "kit" / "templates" / "base.html").read_text(encoding="utf-8")
    assert '"historyCacheSize": 0' in base, "htmx keeps no page that somebody has left"
