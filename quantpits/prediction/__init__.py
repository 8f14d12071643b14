"""Step 2: predict with models that are trained already. Nothing is fitted.

The model and its fitted processors come from the run that the train records name, and only if their
files are the recorded ones. A new run records the prediction and where its model came from.

May be imported from here: the request and the report, which are light; `prediction.step.run` does
the work. Never here: another step, and Qlib or MLflow themselves (they are behind `modeling`).
"""

from quantpits.prediction.request import PredictReport, PredictRequest

__all__ = ["PredictReport", "PredictRequest"]
