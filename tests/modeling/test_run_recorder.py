"""The recorder itself, with a client that keeps what it is given."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from quantpits.modeling.run_recorder import RunRecorder


class Client:
    def __init__(self):
        self.batches = []
        self.metrics = {}
        self.status = None

    def create_run(self, experiment_id, run_name):
        self.created = (experiment_id, run_name)
        return SimpleNamespace(info=SimpleNamespace(run_id="r1"))

    def log_batch(self, _run_id, metrics=(), params=(), tags=()):
        self.batches.append((len(metrics), len(params), len(tags)))
        self.metrics |= {metric.key: metric.value for metric in metrics}

    def set_terminated(self, _run_id, status):
        self.status = status

    def get_run(self, _run_id):
        data = SimpleNamespace(metrics=self.metrics, params={}, tags={})
        return SimpleNamespace(data=data)


@pytest.fixture
def client():
    return Client()


@pytest.fixture
def recorder(client, tmp_path):
    made = RunRecorder(client, "sqlite://", experiment_id="1", name="a", artifacts_root=tmp_path)
    made.start_run()
    return made


def test_a_run_starts_with_its_own_folder(recorder, client, tmp_path):
    assert ("1", "a") == client.created
    assert tmp_path / "r1" / "artifacts" == recorder.folder
    assert recorder.folder.is_dir()
    assert recorder.folder.as_uri() == recorder.get_artifact_uri()


def test_nothing_reaches_the_database_before_the_end(recorder, client):
    recorder.log_metrics(loss=1.0)
    assert [] == client.batches
    recorder.end_run("FINISHED")
    assert [(1, 0, 0)] == client.batches
    assert ("FINISHED", "FINISHED") == (client.status, recorder.status)


def test_what_did_not_arrive_is_named(recorder):
    recorder.log_metrics(loss=1.0)
    recorder.log_params(lr=1)
    recorder.set_tags(model="a")
    recorder.end_run()
    assert ["lr", "model"] == recorder.lost_names()


def test_a_long_value_is_cut(recorder):
    recorder.log_params(text="x" * 9000)
    assert 5000 == len(recorder._params["text"])


def test_objects_and_files_are_stored_and_read_back(recorder, tmp_path):
    source = tmp_path / "weights.bin"
    source.write_bytes(b"123")
    recorder.save_objects(local_path=str(source), artifact_path="deep")
    recorder.save_objects(**{"a.pkl": {"a": 1}})
    assert b"123" == (recorder.folder / "deep" / "weights.bin").read_bytes()
    assert {"a": 1} == recorder.load_object("a.pkl")


def test_what_was_logged_by_step_is_known_while_the_run_lasts(recorder):
    recorder.log_metrics(step=1, train_loss=1.0, lr=0.5)
    recorder.log_metrics(step=2, train_loss=0.5, valid_loss=float("nan"))
    recorder.log_metrics(step=2, train_loss=0.25)
    assert {"train_loss": {1: 1.0, 2: 0.25}, "lr": {1: 0.5}} == recorder.logged_by_step()
