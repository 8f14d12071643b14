"""The built wheel works where there is no checkout."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES = ("quantpits", "workspaces", "pyproject.toml", "setup.py", "README.md", "LICENSE")

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def installed_wheel(tmp_path_factory):
    """Build the wheel from a copy of the sources, unpack it, and delete the copy."""
    folder = tmp_path_factory.mktemp("wheel")
    checkout = folder / "checkout"
    checkout.mkdir()
    for name in SOURCES:
        source = REPOSITORY / name
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__", "data", "output", "mlruns", "archive")
            shutil.copytree(source, checkout / name, ignore=ignore)
        else:
            shutil.copy2(source, checkout / name)
    build = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    target = folder / "site"
    subprocess.run([*build, "--target", str(target), str(checkout)], check=True, timeout=300)
    shutil.rmtree(checkout)
    return target


def run_installed(target: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the unpacked wheel with an empty home, away from the checkout."""
    environment = os.environ | {"PYTHONPATH": str(target), "HOME": str(home)}
    environment.pop("QLIB_WORKSPACE_DIR", None)
    return subprocess.run(
        [sys.executable, "-P", str(target / "bin" / "quantpits"), *arguments],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_wheel_answers_help_from_its_own_files(installed_wheel, tmp_path):
    code = "import quantpits; print(quantpits.__file__)"
    environment = os.environ | {"PYTHONPATH": str(installed_wheel)}
    origin = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert str(installed_wheel / "quantpits" / "__init__.py") == origin
    help_run = run_installed(installed_wheel, tmp_path, "--help")
    assert 0 == help_run.returncode, help_run.stderr
    assert "orders" in help_run.stdout


def test_wheel_carries_the_demo_workspace(installed_wheel, tmp_path):
    template = installed_wheel / "quantpits/workspace/template/Demo_Workspace"
    committed = REPOSITORY / "workspaces/Demo_Workspace"
    expected = sorted(path.name for path in (committed / "config").iterdir())
    assert expected == sorted(path.name for path in (template / "config").iterdir())
    target = tmp_path / "My_Workspace"
    made = run_installed(
        installed_wheel, tmp_path, "init", "--source", str(template), "--target", str(target)
    )
    assert 0 == made.returncode, made.stderr
    info = run_installed(installed_wheel, tmp_path, "data", "info", "--workspace", str(target))
    assert 0 == info.returncode, info.stderr
    assert "synthetic" in info.stdout.lower()
    assert ["My_Workspace"] == [path.name for path in tmp_path.iterdir()]
