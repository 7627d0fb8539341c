"""The functions that SageMaker's inference toolkit calls: load the model, read input, predict and write output."""

import json
import os

import joblib
import numpy


def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))


def input_fn(data, content_type):
    if content_type == "text/csv":
        text = data.decode() if isinstance(data, (bytes, bytearray)) else data
        return numpy.array([line.split(",") for line in text.strip().splitlines()], dtype=float)
    if content_type == "application/json":
        return numpy.array(json.loads(data)["instances"], dtype=float)
    raise ValueError(f"content type {content_type} is not supported")


def predict_fn(rows, model):
    return model.predict(rows)


def output_fn(predictions, accept):
    if accept == "text/csv":
        return "".join(f"{label}\n" for label in predictions)
    return json.dumps({"predictions": list(predictions)})
