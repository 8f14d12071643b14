"""What the steps hand each other, as files of the workspace.

Training and prediction publish which run of which model is current (`latest_train_records.json`),
what each model scored (`output/predictions/*.csv` and the run's own `pred.pkl`) and how well
(`model_performance_*.json`). Fusion, orders and ranking read them. A prediction that is traded on
carries its provenance beside it (`.meta.json`), so a reader can tell whose scores these are and
that nobody edited them.

May be imported from here: everything in `__all__`. Never from here: MLflow, Qlib, a step, the
command line. Everything is written atomically, and nothing is written when nothing but the clock
has changed.
"""

from quantpits.records.model_scores import (
    load_model_panel,
    load_model_prediction,
    prediction_sha256,
)
from quantpits.records.performance import (
    merge_performance,
    publish_performance,
    read_performance,
)
from quantpits.records.prediction_files import (
    PredictionName,
    WrittenPrediction,
    find_prediction,
    list_predictions,
    parse_prediction_name,
    prediction_path,
    read_prediction_csv,
    store_prediction,
)
from quantpits.records.prediction_meta import PredictionMeta, meta_path, read_prediction_meta
from quantpits.records.train_records import (
    ModelRecord,
    TrainRecords,
    merge_records,
    publish_full,
    read_train_records,
)

__all__ = [
    "ModelRecord",
    "PredictionMeta",
    "PredictionName",
    "TrainRecords",
    "WrittenPrediction",
    "find_prediction",
    "list_predictions",
    "load_model_panel",
    "load_model_prediction",
    "merge_performance",
    "merge_records",
    "meta_path",
    "parse_prediction_name",
    "prediction_path",
    "prediction_sha256",
    "publish_full",
    "publish_performance",
    "read_performance",
    "read_prediction_csv",
    "read_prediction_meta",
    "read_train_records",
    "store_prediction",
]
