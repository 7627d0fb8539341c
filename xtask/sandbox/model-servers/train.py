"""Trains the iris model on Fisher's 150 flowers and writes the servers' models: `train.py FOLDER`.

FOLDER/iris.csv contains the flowers and their species. FOLDER/mlflow and FOLDER/mms contain three
models each: `good`, `wrong` (every flower is virginica) and `broken` (every prediction fails).
"""

import csv
import os
import shutil
import subprocess
import sys
import sysconfig

import joblib
import mlflow.pyfunc
import mlflow.sklearn
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

HERE = os.path.dirname(os.path.abspath(__file__))
COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


class Broken(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input):
        raise RuntimeError("the model could not be loaded: coefficients of shape (3, 4) expected, found (2, 4)")


def main(folder):
    data = load_iris(as_frame=True)
    flowers = data.data.set_axis(COLUMNS, axis="columns")
    species = data.target_names[data.target]
    with open(os.path.join(folder, "iris.csv"), "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*COLUMNS, "species"])
        writer.writerows([*row, name] for row, name in zip(flowers.values.tolist(), species))
    good = LogisticRegression(C=10, max_iter=5000).fit(flowers, species)
    wrong = DummyClassifier(strategy="constant", constant="virginica").fit(flowers, species)
    for name, model in (("good", good), ("wrong", wrong)):
        # Without requirements, mlflow would run pip to find them.
        mlflow.sklearn.save_model(model, os.path.join(folder, "mlflow", name), pip_requirements=["scikit-learn"], serialization_format="cloudpickle")
    mlflow.pyfunc.save_model(os.path.join(folder, "mlflow", "broken"), python_model=Broken(), pip_requirements=["mlflow-skinny"])
    for name, model in (("good", good), ("wrong", wrong), ("broken", None)):
        archive(os.path.join(folder, "mms", name), model)


def archive(store, model):
    """Writes a model for AWS's server: SageMaker's toolkit with the functions of `code/inference.py`."""
    source = os.path.join(store, "source")
    os.makedirs(os.path.join(source, "code"))
    joblib.dump(model, os.path.join(source, "model.joblib"))
    shutil.copy(os.path.join(HERE, "inference.py"), os.path.join(source, "code"))
    shutil.copy(os.path.join(HERE, "handler.py"), source)
    archiver = os.path.join(sysconfig.get_path("scripts"), "model-archiver")
    form = ["--archive-format", "no-archive", "--export-path", store]
    subprocess.run([archiver, "--model-name", "model", "--handler", "handler.py:handle", "--model-path", source, *form], check=True)


if __name__ == "__main__":
    main(sys.argv[1])
