"""Functions of other packages, written out as the formulas that they stand for: quad_form(x, P) is x.T @ P @ x."""

from __future__ import annotations

import re

MODULES = (
    r"(?:(?:cp|cvxpy|F|nn|functional|torch|tf|np|keras|losses|optax|scipy|special|linalg|spatial|distance|math)\.)*"
)
FORMULAS = {  # name: what it stands for, by the places of its arguments
    "sum_squares": "sum(({0})**2)",
    "quad_form": "(({0}).T @ ({1}) @ ({0}))",
    "quad_over_lin": "(sum(({0})**2) / ({1}))",
    "matrix_frac": "(({0}).T @ inv({1}) @ ({0}))",
    "log_sum_exp": "logsumexp({0})",
    "log_det": "logdet({0})",
    "entr": "(-({0}) * log({0}))",
    "kl_div": "(({0}) * log(({0}) / ({1})) - ({0}) + ({1}))",
    "rel_entr": "(({0}) * log(({0}) / ({1})))",
    "inv_pos": "(1 / ({0}))",
    "norm1": "norm({0}, 1)",
    "norm2": "norm({0})",
    "normNuc": "norm({0}, 'nuc')",
    "crossprod": "(({0}).T @ ({0}))",
    "crossprod/2": "(({0}).T @ ({1}))",
    "tcrossprod": "(({0}) @ ({0}).T)",
    "tcrossprod/2": "(({0}) @ ({1}).T)",
    "norm_inf": "norm({0}, inf)",
    **dict.fromkeys(["dist", "euclidean", "pairwise_distance"], "norm(({0}) - ({1}))"),
    "opnorm": "norm({0}, 2)",
    "abs2": "(({0}).^2)",
    "average/2": "(sum(({0}) * ({1})) / sum({1}))",
    "rsqrt": "(1 / sqrt({0}))",
    "elu": "where(({0}) > 0, {0}, exp({0}) - 1)",
    "hardtanh": "clip({0}, -1, 1)",
    "relu6": "clip({0}, 0, 6)",
    "softsign": "(({0}) / (1 + abs({0})))",
    "mish": "(({0}) * tanh(softplus({0})))",
    "logcosh": "log(cosh({0}))",
    "hypot": "sqrt(({0})**2 + ({1})**2)",
    "ptp": "(max({0}) - min({0}))",
    "l2_loss": "(sum(({0})**2) / 2)",
    **dict.fromkeys(
        ["huber_loss", "smooth_l1_loss"],
        "mean(where(abs(({0}) - ({1})) < 1, (({0}) - ({1}))**2 / 2, abs(({0}) - ({1})) - 1/2))",
    ),
    "huber/2": "where(abs({0}) <= ({1}), ({0})**2, 2 * ({1}) * abs({0}) - ({1})**2)",
    "log_divergence": "mean(({1}) * (log({1}) - ({0})))",
    **{
        f"{of}{name}s": f"{name.lower()}({{0}}, axis={axis})"
        for axis, of in enumerate(("col", "row"))
        for name in ("Sum", "Mean")
    },
    "solve_triangular": "solve({0}, {1})",
    "cho_solve": "solve({0}, {1})",
    "softmax_cross_entropy": "(-sum(({1}) * log_softmax({0})))",
    "softmax_cross_entropy_with_logits": "(-sum(({1}) * log_softmax({0})))",
    "binary_cross_entropy_with_logits": "mean(log(1 + exp({0})) - ({1}) * ({0}))",
    "binary_cross_entropy": "mean(-({1}) * log({0}) - (1 - ({1})) * log(1 - ({0})))",
    "logaddexp": "log(exp({0}) + exp({1}))",
    "pos": "relu({0})",
    **dict.fromkeys(["mse", "mse_loss", "mean_squared_error"], "mean((({0}) - ({1}))**2)"),
    "l1_loss": "mean(abs(({0}) - ({1})))",
    "soft_margin_loss": "mean(log(1 + exp(-({1}) * ({0}))))",
    "tensordot": "sum(({0}) * ({1}))",
}
LOSSES = {  # classes of PyTorch: nn.MSELoss()(a, b)
    "MSELoss": "mse_loss", "L1Loss": "l1_loss", "BCELoss": "binary_cross_entropy", "SoftMarginLoss": "soft_margin_loss",
    "BCEWithLogitsLoss": "binary_cross_entropy_with_logits", "CrossEntropyLoss": "cross_entropy",
    "KLDivLoss": "log_divergence",
    **{name: name.lower() for name in ("ReLU", "Sigmoid", "Tanh", "Softplus", "SiLU", "GELU")},
}  # fmt: skip
OF_CVXPY = {"logistic": "log(1 + exp({0}))"}  # elsewhere the function that is 1 / (1 + exp(-x))
ARGUMENTS = {
    "logits": 0,
    "input": 0,
    "preds": 0,
    "labels": 1,
    "target": 1,
    "targets": 1,
    "weights": 1,
}  # by their names
MAPPED = {"abs2": "({0}).^2", "abs": "abs({0})", "exp": "exp({0})", "log": "log({0})"}  # sum(abs2, x), of Julia


def written_out(text: str) -> str:
    """The text with every call of the table as its formula."""
    made = "|".join(LOSSES)
    text = re.sub(r"\b(?:F|functional)\.kl_div\(", "log_divergence(", text)  # PyTorch's takes logarithms first
    text = re.sub(r",\s*(?:lower|upper|trans|unit_diagonal|check_finite|assume_a)\s*=\s*[\w'\"]+(?=\s*[,)])", "", text)
    text = re.sub(rf"\b({made})\(((?:reduction=)?['\"]\w+['\"])?\)\(", lambda m: f"{LOSSES[m[1]]}({m[2] or ''}§", text)
    text = re.sub(r"\((reduction=['\"]\w+['\"])?§", lambda m: f"({m[1]}, " if m[1] else "(", text)
    if re.search(r"\b(?:cp|cvxpy)\.", text):
        text = _replaced(text, {**FORMULAS, **OF_CVXPY})
        text = re.sub(r"\b(?:cp|cvxpy)\.", "", text)
    else:
        text = _replaced(text, FORMULAS)
    for name, formula in MAPPED.items():
        for over in ("sum", "mean"):
            text = _replaced(text, {rf"{over}\(\s*{name}\s*,": f"{over}({formula})"}, opened=True)
    return text


def _replaced(text: str, formulas: dict[str, str], opened: bool = False) -> str:
    """The text with calls by name put as formulas; one that has not as many arguments stays, and is refused later."""
    for key, formula in formulas.items():
        name = key.split("/")[0]
        pattern = name if opened else rf"(?<![\w.]){MODULES}{name}\.?\("
        places = formula.count("{1}") > 0
        start = 0
        while found := re.compile(pattern).search(text, start):
            args, stop = arguments(text, found.end())
            start = found.start() + 1
            named = [arg for arg in args if re.match(r"reduction\s*=", arg)]
            args = _placed([arg for arg in args if arg not in named])
            if named and re.search("none|batchmean", named[0]):
                continue
            if stop and len(args) == 1 + places:
                text = text[: found.start()] + _reduced(formula, named).format(*args) + text[stop:]
    return text


def _placed(args: list[str]) -> list[str]:
    """Arguments in the order of their places, by their names where all have one."""
    named = [re.match(r"(\w+)\s*=\s*(?!=)", arg) for arg in args]
    if not all(one is None or one[1] in ARGUMENTS for one in named):
        return args
    places = [ARGUMENTS[one[1]] if one else place for place, one in enumerate(named)]
    return [
        arg[one.end() :] if one else arg
        for _, one, arg in sorted(zip(places, named, args, strict=True), key=lambda each: each[0])
    ]


def _reduced(formula: str, named: list[str]) -> str:
    """The formula of a loss with its sum for its mean."""
    return formula.replace("mean(", "sum(", 1) if named and "sum" in named[0] else formula


def arguments(text: str, start: int) -> tuple[list[str], int]:
    """What stands between brackets opened before a place, cut at commas, and where they have closed; else 0."""
    depth, parts, begun = 0, list[str](), start
    for place in range(start, len(text)):
        sign = text[place]
        if sign in ")]}" and not depth:
            return [*parts, text[begun:place].strip()], place + 1
        depth += (sign in "([{") - (sign in ")]}")
        if sign == "," and not depth:
            parts.append(text[begun:place].strip())
            begun = place + 1
    return parts, 0
