"""A small synthetic market, and workspaces with tiny models on it."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from quantpits.market.synthetic import write_synthetic_market
from quantpits.modeling.recorders import open_store
from quantpits.workspace import Workspace

TOYS = str(Path(__file__).resolve().parents[1] / "modeling" / "toys.py")
THROUGH = date(2022, 3, 31)
# Eight names that are listed all the time: enough for a rank, few enough to be fast.
NAMES = [f"SH6090{number}" for number in ("02", "05", "06", "09", "10", "12", "13", "14")]
UNIVERSE = "tiny"

PROCESSORS = {
    "infer_processors": [],
    "learn_processors": [{"class": "DropnaLabel"}],
}


def workflow(model="Linear", *, handler="Handler", module=TOYS, processors=PROCESSORS, **kwargs):
    """Return a workflow's text: JSON is YAML."""
    dated = dict.fromkeys(("start_time", "end_time", "fit_start_time", "fit_end_time"), "<TBD>")
    content = {
        "market": "<TBD>",
        "benchmark": "<TBD>",
        "task": {
            "model": {"class": model, "module_path": module, "kwargs": kwargs},
            "dataset": {
                "class": "DatasetH",
                "module_path": "qlib.data.dataset",
                "kwargs": {
                    "handler": {
                        "class": handler,
                        "module_path": TOYS
                        if handler != "Alpha158"
                        else "qlib.contrib.data.handler",
                        "kwargs": {**dated, "instruments": "<TBD>", **processors},
                    },
                    "segments": {"train": ["<TBD>", "<TBD>"], "test": ["<TBD>", "<TBD>"]},
                },
            },
            "record": [{"class": "SigAnaRecord", "kwargs": {"ann_scaler": 252}}],
        },
    }
    return json.dumps(content)


def make_workspace(root, folder, models, **changes):
    """Return a workspace whose registry has `models`: name to workflow text or (text, entry)."""
    (root / "config").mkdir(parents=True)
    config = {
        "market": UNIVERSE,
        "benchmark": "SH000999",
        "train_set_windows": 1.0,
        "valid_set_window": 0.4,
        "test_set_window": 0.3,
        "seed": 7,
        **changes,
    }
    (root / "config" / "model_config.json").write_text(json.dumps(config))
    (root / "config" / "market.yaml").write_text(f"provider: qlib\nprovider_uri: {folder}\n")
    workspace = Workspace(root)
    write_models(workspace, models)
    return workspace


def write_models(workspace, models):
    """Write registry and workflows of a workspace."""
    entries = {}
    for name, model in models.items():
        text, entry = model if isinstance(model, tuple) else (model, {})
        file = f"config/workflow_config_{name}.yaml"
        (workspace.root / file).write_text(text)
        entries[name] = {"yaml_file": file, "enabled": True, "algorithm": name, **entry}
    (workspace.config_dir / "model_registry.yaml").write_text(json.dumps({"models": entries}))


def set_market_end(market, target, through):
    """Make at `target` the market of `market` through another date."""
    write_synthetic_market(target, seed=11, through=through)
    add_universe(target)
    return target


def add_universe(market):
    lines = [f"{name}\t2020-01-02\t2030-01-01\n" for name in NAMES]
    (market / "instruments" / f"{UNIVERSE}.txt").write_text("".join(lines))


@pytest.fixture(scope="session")
def market(tmp_path_factory):
    """The market, made once for all tests of modeling, training and prediction."""
    target = tmp_path_factory.getbasetemp() / "tiny_market"
    if not target.exists():
        set_market_end(target, target, THROUGH)
    return target


@pytest.fixture(scope="session")
def later_market(tmp_path_factory):
    """The same market two weeks later."""
    target = tmp_path_factory.getbasetemp() / "tiny_market_later"
    if not target.exists():
        set_market_end(target, target, date(2022, 4, 15))
    return target


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """An MLflow database with its tables, since making them takes seconds."""
    root = tmp_path_factory.getbasetemp() / "migrated"
    if not (root / "done").exists():
        open_store(Workspace(root), "Template")
        (root / "done").touch()
    return root / "mlruns"


@pytest.fixture
def make(tmp_path, market, migrated):
    """Make a workspace in the test's folder: ``make({"a": workflow()})``."""

    def build(models, name="Tiny", **changes):
        workspace = make_workspace(tmp_path / name, market, models, **changes)
        shutil.copytree(migrated, workspace.mlruns_dir)
        return workspace

    return build


@pytest.fixture
def advance(later_market):
    """Point a workspace at the market two weeks later."""

    def point(workspace):
        path = workspace.config_dir / "market.yaml"
        path.write_text(f"provider: qlib\nprovider_uri: {later_market}\n")

    return point


@pytest.fixture
def files():
    """Return every file below a folder with its content, to see that nothing changed."""

    def read(folder):
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.name.endswith(".lock")
        }

    return read


@pytest.fixture
def copy_workspace(tmp_path):
    def copy(workspace, name):
        return Workspace(Path(shutil.copytree(workspace.root, tmp_path / name)))

    return copy


@pytest.fixture(name="workflow")
def workflow_fixture():
    """Give tests the function that writes a workflow's text."""
    return workflow


@pytest.fixture
def toys():
    """Return the path of the toy models."""
    return TOYS


@pytest.fixture(name="write_models")
def write_models_fixture():
    """Give tests the function that rewrites a registry and its workflows."""
    return write_models
