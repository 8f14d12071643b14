"""The error tree: exit codes, messages, and the built-in each error also is."""

import pickle

import pytest

from quantpits import errors
from quantpits.errors import (
    ArtifactError,
    ConfigError,
    ConfigProblem,
    CorruptArtifactError,
    Finding,
    LedgerError,
    MissingArtifactError,
    QuantPitsError,
    WorkspaceError,
    WorkspaceLockedError,
    name_list,
)

TREE = [
    ("QuantPitsError", 70, Exception),
    ("UsageError", 2, ValueError),
    ("ConfigError", 2, ValueError),
    ("WorkspaceError", 2, OSError),
    ("WorkspaceLockedError", 3, OSError),
    ("ArtifactError", 3, QuantPitsError),
    ("MissingArtifactError", 3, FileNotFoundError),
    ("CorruptArtifactError", 3, ValueError),
    ("StaleArtifactError", 3, ValueError),
    ("DataError", 3, ValueError),
    ("ShapeError", 3, ValueError),
    ("MissingDataError", 3, ValueError),
    ("NonFiniteError", 3, ValueError),
    ("ModelError", 3, RuntimeError),
    ("BrokerFileError", 3, ValueError),
    ("LedgerError", 4, ValueError),
    ("UnbalancedError", 4, LedgerError),
    ("NegativePositionError", 4, LedgerError),
    ("UnknownTradeTypeError", 4, LedgerError),
    ("BooksMismatchError", 4, LedgerError),
    ("OrderError", 4, ValueError),
]


@pytest.mark.parametrize(("name", "code", "builtin"), TREE)
def test_exit_code_and_built_in(name, code, builtin):
    kind = getattr(errors, name)
    assert code == kind.exit_code
    assert issubclass(kind, builtin)
    assert issubclass(kind, QuantPitsError)


def test_tree_is_complete():
    kinds = {
        name
        for name, thing in vars(errors).items()
        if isinstance(thing, type) and issubclass(thing, QuantPitsError)
    }
    assert kinds == {name for name, _, _ in TREE}
    assert kinds < set(errors.__all__)


@pytest.mark.parametrize("name", [name for name, _, _ in TREE if name != "ConfigError"])
def test_message_tells_all_facts_and_keeps_them(name):
    error = getattr(errors, name)(
        "The lot is odd.", where="orders.csv:3", expected=100, found=150, hint="Round it."
    )
    expected = (
        "The lot is odd.\n"
        "  where: orders.csv:3\n"
        "  expected: 100\n"
        "  found: 150\n"
        "  what to do: Round it."
    )
    assert expected == str(error)
    assert ("The lot is odd.", "orders.csv:3", 100, 150, "Round it.") == (
        error.what,
        error.where,
        error.expected,
        error.found,
        error.hint,
    )


def test_facts_that_are_not_given_are_not_shown():
    assert "Wrong.\n  found: 0" == str(QuantPitsError("Wrong.", found=0))


def test_config_error_lists_every_problem():
    problems = [
        ConfigProblem("config/a.json", "TopK", "should be positive"),
        ConfigProblem("config/b.yaml", "", "this file is missing"),
    ]
    error = ConfigError(problems, hint="Mend them.")
    assert (
        "The configuration has 2 problems:\n"
        "  - config/a.json: TopK: should be positive\n"
        "  - config/b.yaml: this file is missing\n"
        "  what to do: Mend them."
    ) == str(error)
    assert tuple(problems) == error.problems


def test_config_error_with_one_problem():
    assert "has 1 problem:" in str(ConfigError([ConfigProblem("a", "b", "c")]))


def test_errors_are_caught_as_their_built_in():
    with pytest.raises(FileNotFoundError, match="No model"):
        raise MissingArtifactError("No model.")
    with pytest.raises(OSError, match="Locked"):
        raise WorkspaceLockedError("Locked.")
    with pytest.raises(WorkspaceError, match="Locked"):
        raise WorkspaceLockedError("Locked.")
    with pytest.raises(ArtifactError, match="Torn"):
        raise CorruptArtifactError("Torn.")


@pytest.mark.parametrize("name", ["DataError", "MissingArtifactError", "WorkspaceLockedError"])
def test_errors_survive_the_way_back_from_a_worker(name):
    error = getattr(errors, name)("Wrong.", where="here", found=3)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(error), str(error), 3) == (type(copy), str(copy), copy.found)


@pytest.mark.parametrize(
    ("names", "shown", "expected"),
    [
        ([], 5, "none"),
        (["a"], 5, "'a'"),
        (["a", "b"], 2, "'a', 'b'"),
        (["a", "b", "c"], 2, "'a', 'b' and 1 more"),
        ([1, 2], 5, "'1', '2'"),
    ],
)
def test_name_list(names, shown, expected):
    assert expected == name_list(names, shown=shown)


def test_finding_is_a_value():
    finding = Finding(
        "LED003", "warning", "A trade has no fee.", "2026-02-06-table.xlsx", "SH600000"
    )
    assert finding == Finding(
        "LED003", "warning", "A trade has no fee.", "2026-02-06-table.xlsx", "SH600000"
    )
    assert ("", "") == (Finding("A", "info", "m").source, Finding("A", "info", "m").subject)
