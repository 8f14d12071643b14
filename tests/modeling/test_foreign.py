"""The door to code we did not write."""

from __future__ import annotations

import errno
import sys

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from quantpits.errors import ConfigError, ModelError
from quantpits.modeling.foreign import foreign_code, load_class


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


def test_a_request_to_stop_passes_unchanged():
    with pytest.raises(KeyboardInterrupt), foreign_code("a", "training"):
        raise KeyboardInterrupt


@pytest.mark.parametrize("code", [0, 1, "bye"])
def test_a_model_that_ends_the_program_has_failed(code):
    with (
        pytest.raises(ModelError, match="its code ends the program") as caught,
        foreign_code("a", "training"),
    ):
        sys.exit(code)
    assert f"SystemExit: {code}" in str(caught.value)


def blas_threads() -> list[int]:
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_foreign_code_has_one_thread_for_its_matrices():
    with threadpool_limits(limits=2, user_api="blas"):
        before = blas_threads()
        with foreign_code("a", "training"):
            assert [1] * len(before) == blas_threads()
        assert before == blas_threads()
        with pytest.raises(ModelError), foreign_code("a", "training"):
            raise ValueError
        assert before == blas_threads()
    assert 2 in before


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
        (TypeError("A() got an unexpected keyword argument 'x'"), "correct the kwargs"),
        (TypeError("A() missing 1 required positional argument: 'x'"), "complete the kwargs"),
        (MemoryError("Unable to allocate 900 GiB"), "lower batch_size"),
        (OSError(errno.ENOSPC, "No space left on device"), "free space.*TMPDIR"),
        (ValueError("Empty data from dataset, please check"), "members in the training window"),
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
        ({"class": "X", "module_path": "no.such.module"}, r"\(no\), or correct its module_path"),
        ({"class": "X", "module_path": "/no/such.py"}, "correct its module_path in the workflow"),
        ({"class": "Dataset_H", "module_path": "qlib.data.dataset"}, "did you mean .*DatasetH"),
        ({"class": "DataHandlerABC.DK_R", "module_path": "qlib.data.dataset"}, "loading its class"),
    ],
)
def test_load_class_refuses_what_does_not_exist(description, message):
    with pytest.raises(ModelError, match=message) as caught:
        load_class(description, "a")
    where = f"its workflow file: class {description['class']}, module_path"
    assert where in str(caught.value)


def test_a_class_that_qlib_left_out_for_want_of_a_library_is_said_to_be_so(tmp_path):
    path = tmp_path / "optional.py"
    path.write_text("Model = None\n")
    with pytest.raises(ModelError, match="a library it needs is missing"):
        load_class({"class": "Model", "module_path": str(path)}, "a")
