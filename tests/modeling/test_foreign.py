"""The door to code we did not write."""

from __future__ import annotations

import logging
import sys
import warnings

import pytest

from quantpits.errors import ConfigError, ModelError
from quantpits.modeling.foreign import captured_output, foreign_code, load_class


def test_what_foreign_code_raises_names_model_task_place_and_cause():
    with (
        pytest.raises(ModelError, match="The model 'gru' failed while training") as caught,
        foreign_code("gru", "training"),
    ):
        raise KeyError("no\n  such  column")
    text = str(caught.value)
    assert "KeyError: 'no\\n such column'" in text
    assert "test_foreign.py:" in text
    assert isinstance(caught.value.__cause__, KeyError)
    assert 3 == caught.value.exit_code


def test_an_exception_without_a_message_still_has_one():
    with pytest.raises(ModelError, match="MemoryError: no message"), foreign_code("a", "training"):
        raise MemoryError


def test_our_own_errors_pass_unchanged():
    with pytest.raises(ConfigError, match="0 problems"), foreign_code("a", "training"):
        raise ConfigError([])


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_requests_to_stop_pass_unchanged(stop):
    with pytest.raises(stop), foreign_code("a", "training"):
        raise stop


def test_no_error_no_matter():
    with foreign_code("a", "training"):
        pass


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (
            ModuleNotFoundError("No module named 'torch'", name="torch"),
            r"pip install 'quantpits\[nn\]'",
        ),
        (
            ModuleNotFoundError("No module named 'tcn'", name="tcn"),
            r"install the library .*\(tcn\)",
        ),
        (UnboundLocalError("cannot access 'best_param'"), "validation window has fewer rows than"),
    ],
)
def test_common_causes_get_a_hint(error, hint):
    with pytest.raises(ModelError, match=hint), foreign_code("a", "training"):
        raise error


def test_load_class_finds_qlib_and_other_classes():
    description = {"class": "DatasetH", "module_path": "qlib.data.dataset", "kwargs": {}}
    assert "DatasetH" == load_class(description, "a").__name__
    assert "OrderedDict" == load_class({"class": "collections.OrderedDict"}, "a").__name__


def test_load_class_runs_a_file_once(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("class A: pass\nclass B(A): pass\n")
    first = load_class({"class": "A", "module_path": str(path)}, "a")
    second = load_class({"class": "B", "module_path": str(path)}, "a")
    assert issubclass(second, first)


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"class": "X", "module_path": "no.such.module"}, "failed while loading its class"),
        ({"class": "NoSuchClass", "module_path": "qlib.data.dataset"}, "NoSuchClass"),
        ({"class": "DataHandlerABC.DK_R", "module_path": "qlib.data.dataset"}, "loading its class"),
    ],
)
def test_load_class_refuses_what_does_not_exist(description, message):
    with pytest.raises(ModelError, match=message):
        load_class(description, "a")


def test_a_class_that_qlib_left_out_for_want_of_a_library_is_said_to_be_so(tmp_path):
    path = tmp_path / "optional.py"
    path.write_text("Model = None\n")
    with pytest.raises(ModelError, match="a library it needs is missing"):
        load_class({"class": "Model", "module_path": str(path)}, "a")


def test_output_is_captured_and_the_terminal_stays_clean(capsys):
    with captured_output() as kept:
        print("[20] train's l2: 0.9")  # noqa: T201
        warnings.warn("noise", stacklevel=1)
        logging.getLogger("noisy").warning("noise")
    logging.getLogger("noisy").debug("still works")
    assert "[20] train's l2: 0.9\n" == kept.getvalue()
    assert ("", "") == capsys.readouterr()
    assert sys.stdout is not kept


def test_logging_is_as_it_was_afterwards():
    before = logging.root.manager.disable
    with pytest.raises(ValueError, match="x"), captured_output():
        raise ValueError("x")
    assert before == logging.root.manager.disable
