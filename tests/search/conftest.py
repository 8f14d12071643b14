"""Workspaces to search in."""

from __future__ import annotations

import pytest

from quantpits.market import write_synthetic_market
from tests.search.search_lab import ANCHOR, SearchLab


@pytest.fixture(scope="session")
def search_market(tmp_path_factory):
    """Fifteen months of the synthetic market; never changed."""
    target = tmp_path_factory.mktemp("search") / "market"
    write_synthetic_market(target, seed=20200101, through=ANCHOR)
    return target


@pytest.fixture(scope="session")
def made_lab(tmp_path_factory, search_market):
    """A workspace with five models; never changed."""
    return SearchLab(tmp_path_factory.mktemp("search") / "Lab", search_market).add_models()


@pytest.fixture
def empty_lab(tmp_path, search_market):
    """A workspace without models."""
    return SearchLab(tmp_path / "Empty", search_market)


@pytest.fixture
def search_lab(tmp_path, made_lab):
    """A workspace with five models, to be changed."""
    return made_lab.copy(tmp_path / "Lab")
