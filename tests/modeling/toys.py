"""Small features and models, given to Qlib by the path of this file, for tests of the machinery."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
from qlib.contrib.data.handler import Alpha158
from qlib.data.dataset.processor import Processor
from qlib.model.base import Model
from qlib.workflow import R

FITS = []
LEARNT = {}


class Handler(Alpha158):
    """Four features instead of 158."""

    def get_feature_config(self):
        fields = [
            "$close/Ref($close,1)-1",
            "$close/Ref($close,5)-1",
            "$volume/Mean($volume,5)",
            "Std($close,10)/$close",
        ]
        return fields, ["R1", "R5", "V5", "S10"]


class Impatient(Handler):
    """Takes no `init_data`, so it cannot wait for shared features."""

    def __init__(self, instruments=None, start_time=None, end_time=None):
        super().__init__(
            instruments, start_time, end_time, infer_processors=[], learn_processors=[]
        )


class Deaf(Impatient):
    """Takes any argument and heeds none."""

    def __init__(self, instruments=None, start_time=None, end_time=None, **_):
        super().__init__(instruments, start_time, end_time)


class Scale(Processor):
    """Keeps what it fitted under a name that Qlib leaves out of pickles."""

    def __init__(self, fit_start_time=None, fit_end_time=None):
        self.fit_start_time = fit_start_time
        self.fit_end_time = fit_end_time

    def fit(self, df=None):
        FITS.append(len(df))
        span = df.loc[slice(self.fit_start_time, self.fit_end_time)]
        self._scale = float(np.nanstd(span["feature"].to_numpy()))

    def __call__(self, df):
        df["feature"] = df["feature"] / self._scale
        return df


class Linear(Model):
    """Weights of the features, and a little of everything a real model does."""

    def __init__(self, weights=(1.0, 0.5, 0.0, 0.0), seed=None, noise=0.0):
        self.weights = list(weights)
        self.seed = seed
        self.noise = noise
        self.fitted = None

    def fit(self, dataset, save_path=None):
        train = dataset.prepare("train", col_set=["feature", "label"], data_key="learn")
        R.log_metrics(train_loss=float(train["label"].abs().mean().iloc[0]), step=1)
        Path(save_path).write_text("best")
        self.fitted = self.noise * np.random.rand(len(self.weights))  # noqa: NPY002
        FITS.append(type(self).__name__)

    def predict(self, dataset, segment="test"):
        frame = dataset.prepare(segment, col_set="feature", data_key="infer").fillna(0.0)
        return pd.Series(frame.to_numpy() @ (np.array(self.weights) + self.fitted), frame.index)


class Constant(Linear):
    """Scores everything alike."""

    def predict(self, dataset, segment="test"):
        return super().predict(dataset, segment) * 0.0


class Exploding(Linear):
    """Raises while fitting, unless a file says that it is mended."""

    def __init__(self, mended="", **kwargs):
        super().__init__(**kwargs)
        self.mended = mended

    def fit(self, dataset, save_path=None):
        if not (self.mended and Path(self.mended).exists()):
            raise RuntimeError("the weights\nare gone")
        super().fit(dataset, save_path)


class Killed(Linear):
    """Kills its own process while fitting, unless a file says that it is mended."""

    def __init__(self, mended="", **kwargs):
        super().__init__(**kwargs)
        self.mended = mended

    def fit(self, dataset, save_path=None):
        if not Path(self.mended).exists():
            os.kill(os.getpid(), signal.SIGKILL)
        super().fit(dataset, save_path)


class NotANumber(Linear):
    """Predicts a NaN."""

    def predict(self, dataset, segment="test"):
        scores = super().predict(dataset, segment)
        scores.iloc[3] = np.nan
        return scores


class LostLoss(Linear):
    """Its loss is NaN."""

    def fit(self, dataset, save_path=None):
        super().fit(dataset, save_path)
        R.log_metrics(valid_loss=float("nan"), step=2)


class Forgetful(Linear):
    """Loses part of itself when it is pickled."""

    def __getstate__(self):
        return {**super().__getstate__(), "weights": [0.0, 0.0, 0.0, 1.0]}


class Amnesiac(Linear):
    """Cannot predict after it was pickled."""

    def __getstate__(self):
        return {key: value for key, value in vars(self).items() if key != "fitted"}


class Late(Linear):
    """Stops a day early."""

    def predict(self, dataset, segment="test"):
        scores = super().predict(dataset, segment)
        return scores.drop(pd.Timestamp(dataset.segments["test"][1]), level=0)


class NotPicklable(Linear):
    """Holds something that cannot be pickled."""

    def fit(self, dataset, save_path=None):
        super().fit(dataset, save_path)
        self.open_file = lambda: None


class Sequence(Linear):
    """Scores the mean of a sequence, to see that its first sessions are there."""

    def predict(self, dataset):
        sampler = dataset.prepare("test", col_set=["feature", "label"], data_key="infer")
        means = [np.nansum(sampler[number][:, :2]) for number in range(len(sampler))]
        return pd.Series(means, sampler.get_index())

    def fit(self, _dataset, **_):
        self.fitted = 0.0


class Bare:
    """Fits and predicts, and is otherwise nothing that Qlib knows."""

    def fit(self, _dataset):
        pass

    def predict(self, dataset):
        return dataset.prepare("test", col_set="feature", data_key="infer")["R5"].fillna(0.0)


class Network(Model):
    """Keeps a torch module whose weights are given."""

    def __init__(self, weights=(1.0, 2.0, 3.0, 4.0)):
        import torch  # noqa: PLC0415 - only these two need it

        self.layer = torch.nn.Linear(len(weights), 1, bias=False)
        with torch.no_grad():
            self.layer.weight[:] = torch.tensor(weights)

    def fit(self, dataset):
        dataset.prepare("train", col_set="feature")

    def predict(self, dataset, segment="test"):
        features = dataset.prepare(segment, col_set="feature").fillna(0.0)
        weights = self.layer.weight.detach().numpy()[0]
        return pd.Series(features.to_numpy() @ weights, index=features.index)


class Heir(Network):
    """Starts from the weights of another, and prints them."""

    def __init__(self, model_path=None):
        import torch  # noqa: PLC0415 - only these two need it

        super().__init__()
        self.layer.load_state_dict(torch.load(model_path))

    def fit(self, dataset):
        print(self.layer.weight.detach().numpy()[0].tolist())  # noqa: T201 - goes to the run's log
        super().fit(dataset)


class OnlySeven(Linear):
    """Learns with the seed 7 only."""

    def fit(self, dataset, save_path=None):
        if self.seed != 7:
            raise RuntimeError("not with this seed")
        super().fit(dataset, save_path)


class KilledAtNine(Killed):
    """Kills its own process while fitting with the seed 9, unless it is mended."""

    def __init__(self, mended="", seed=None):
        super().__init__(mended, seed=seed)

    def fit(self, dataset, save_path=None):
        if self.seed == 9:
            super().fit(dataset, save_path)
        else:
            Linear.fit(self, dataset, save_path)


class KilledLater(Killed):
    """Kills its own process in the second fold of a walk-forward, unless it is mended."""

    def fit(self, dataset, save_path=None):
        if str(dataset.segments["test"][0]) > "2022-02-20":
            super().fit(dataset, save_path)
        else:
            Linear.fit(self, dataset, save_path)


class Reading(Model):
    """Remembers every row of every sequence it learns from, and tells what it knows of a test."""

    def fit(self, dataset, **_):
        LEARNT.clear()
        for segment in ("train", "valid"):
            sampler = dataset.prepare(segment, col_set=["feature", "label"], data_key="learn")
            for number in range(len(sampler)):
                for row in sampler[number]:
                    if np.isfinite(row[-1]):
                        LEARNT[row[:-1].tobytes()] = float(row[-1])

    def predict(self, dataset):
        sampler = dataset.prepare("test", col_set=["feature", "label"], data_key="infer")
        last = [sampler[number][-1, :-1] for number in range(len(sampler))]
        scores = [LEARNT.get(row.tobytes(), float(np.nansum(row))) for row in last]
        return pd.Series(scores, sampler.get_index())


class Learner(Linear):
    """Tells how it learned, and scores other windows only when it is told to."""

    def fit(self, dataset, evals_result=dict(), save_path=None):  # noqa: B006, C408 - as Qlib does
        super().fit(dataset, save_path)
        evals_result["train"] = [-1.0, -0.5]
        evals_result["valid"] = [-0.75, -0.875]


class OnlyLater(Linear):
    """Cannot score what it learned from."""

    def predict(self, dataset, segment="test"):
        if str(dataset.segments["test"][0]) < "2021-11":
            raise RuntimeError("those days are gone")
        return super().predict(dataset, segment)


class Ends(Linear):
    """Ends the program instead of fitting."""

    def fit(self, _dataset, save_path=None):  # noqa: ARG002 - a model takes it
        raise SystemExit(0)


class Talkative(Linear):
    """Prints megabytes, from Python, past it, and from other processes."""

    def fit(self, dataset, save_path=None):
        for _ in range(40_000):
            print("x" * 99)  # noqa: T201 - goes to the run's log
        os.write(1, b"raw\n")
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pool.map(print, ["worker"] * 3)
        super().fit(dataset, save_path)


class Hungry(Linear):
    """Writes much to the disk while fitting."""

    def fit(self, dataset, save_path=None):
        Path(save_path).write_bytes(b"x" * 30_000_000)
        super().fit(dataset, save_path)
