"""Our linear model on a table, trained by gradient steps, is scikit-learn's logistic regression at its optimum."""

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression

import paribus as pb
from paribus.data.prepare.prepared import prepare

STEPS, PENALTY = 220, 10.0


def test_logistic_regression_by_steps_is_that_of_scikit_learn(tmp_path):
    """Equal penalties: ours is λ/2·(|w₀|² + |w₁|²) on the mean loss and on the biases too, scikit-learn's of w₁ − w₀.

    At the optimum w₁ = −w₀, so that the sum is |w₁ − w₀|²/2: λ = 2·PENALTY/n. A column of ones takes the place of its
    bias, which it does not punish. Descent of a smooth convex loss comes as near as its steps are many: 1e-3.
    """
    recipe = pb.Run("breast_cancer/linear", {"data": "breast_cancer"}).recipe
    prepared = prepare(recipe, recipe.seeds(0))
    train = prepared.rows["train"]
    optimizer = {"use": "sgd", "lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 2 * PENALTY / len(train)}
    changes = {"training.batch_size": len(train), "budget.epochs": STEPS, "schedule": "constant"}
    run = pb.Run(recipe.override({**changes, "optimizer": optimizer, "training.precision": "fp32"}), runs=tmp_path)
    run.train(listen=lambda _: None)
    trained = pb.load(run)
    with torch.inference_mode():
        inputs = trained.network.scaled(prepared.examples.inputs).double().numpy()
    padded = np.column_stack([inputs, np.ones(len(inputs))])
    oracle = LogisticRegression(C=1 / PENALTY, fit_intercept=False, tol=1e-10, max_iter=10_000)
    oracle.fit(padded[train], prepared.examples.targets[train].numpy())
    output = trained.network.model.output
    weights = torch.cat([output.weight, output.bias[:, None]], 1).detach().numpy()
    assert np.abs((weights[1] - weights[0]) - oracle.coef_[0]).max() < 1e-3
    said = trained.predict(prepared.examples.inputs)[:, 1].numpy()
    assert np.abs(said - oracle.predict_proba(padded)[:, 1]).max() < 1e-3
