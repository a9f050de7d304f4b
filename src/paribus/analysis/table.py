"""The table of analyses: what can be asked of a finished run.

An analysis is a function ``compute(trained, *, options) → frozen record``. Its keyword-only parameters are its options,
with types and ``Args`` texts like those of a part. One line here is all that the command, the report, the notebook and
the list of analyses know of it.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_origin

from paribus.errors import DataError, RecipeError, nearest

if TYPE_CHECKING:
    from pydantic import BaseModel

    from paribus.records.run import RunFolder

Place = str | Callable[..., Any]  # "module:attribute" below paribus, or the thing itself


@dataclass(frozen=True)
class Need:
    """What a run must be for an analysis to apply.

    Args:
        says: in words, as they stand behind "needs".
        task: the class that its task must be of, or several, of which one will do; any by default.
        method: a method that its task must have of its own.
        figure: a figure that it must have recorded.
        weights: whether the trained network is asked; else the run folder alone.
    """

    says: str
    task: Place | tuple[Place, ...] = ""
    method: str = ""
    figure: str = ""
    weights: bool = True

    def met(self, folder: RunFolder) -> bool:
        """Whether a run meets the need, from its records."""
        from paribus.records.parts import find as part

        if self.figure and not any(self.figure in row for row in folder.history):
            return False
        if not self.task and not self.method:
            return True
        task = part("task", folder.recipe.task.use)
        places = self.task if isinstance(self.task, tuple) else (self.task or "tasks.task:Task",)
        bases = tuple(map(resolve, places))
        own = not self.method or getattr(task, self.method, None) is not getattr(bases[0], self.method)
        return isinstance(task, type) and issubclass(task, bases) and own


@dataclass(frozen=True)
class Analysis:
    """One question that can be asked of a run.

    Args:
        name: what people type.
        about: one sentence for people.
        needs: which runs it applies to.
        compute: ``(trained, *, options) → record``, or ``(folder, *, options)`` where no weights are needed.
        record: the class of its record.
        page: ``record → Page``; without one, a table of what the record holds.
        of: what is asked: a run, or all finished seeds of an arm: then ``compute`` takes them, and nothing is kept.
        also: other names that people type for it.
        quick: whether it is asked, with its defaults, of whoever asks a run for everything.
        across: ``(arm → seed → record, overlap) → record`` of a whole study, where single runs can be put together.
        across_page: makes its page.
        version: raised when the same options would give other figures: what was kept is then computed again.
    """

    name: str
    about: str
    needs: Need
    compute: Place
    record: Place
    page: Place = "reports.analyses:plain_page"
    version: int = 1
    of: Literal["run", "arm"] = "run"
    across: Place = ""
    across_page: Place = ""
    also: tuple[str, ...] = ()
    quick: bool = True

    @property
    def options(self) -> frozenset[str]:
        """The names of its options."""
        from paribus.records.options import keyword_options

        return frozenset(keyword_options(resolve(self.compute)).model_fields)

    def settings(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """All options with their validated values, defaults filled in.

        Raises:
            RecipeError: for an unknown option, a missing one, or a value of the wrong type.
        """
        from pydantic import ValidationError

        from paribus.records.options import explain, keyword_options

        model = keyword_options(resolve(self.compute))
        try:
            return dict(model(**_listed(nested(options), model)))
        except ValidationError as error:
            raise explain(error, "", model.model_fields) from None

    def check(self, folder: RunFolder) -> None:
        """Refuse a run that the analysis does not apply to.

        Raises:
            DataError: with what it needs.
        """
        if not self.needs.met(folder):
            got = f"a run of the task {folder.recipe.task.use}"
            raise DataError(f"the analysis {self.name} needs {self.needs.says}", got=got)


ANALYSES: Mapping[str, Analysis] = {
    analysis.name: analysis
    for analysis in (
        Analysis(
            "errors",
            "Where a network errs: confusions, worst examples, classes, ROC, calibration, costs, suspected labels.",
            Need("a task that says something of single examples, unlike gan", method="inspect"),
            compute="analysis.errors.errors:errors",
            record="analysis.errors.errors:Errors",
            page="reports.errors:errors_page",
            also=("examples",),
        ),
        Analysis(
            "gradcam",
            "Where a network looks: maps of what speaks for a class, and the tests that such maps must pass.",
            Need(
                "pictures, and a class of each or of its pixels (task=classification, segmentation)",
                task=("tasks.classification:Classification", "tasks.pixels.segmentation:Segmentation"),
            ),
            compute="analysis.attention.attention:attention",
            record="analysis.attention.records:Attention",
            page="reports.attention:attention_page",
            also=("attention",),
        ),
        Analysis(
            "tta",
            "What a network gains where it averages over several views of each picture (test-time augmentation).",
            Need("classes of pictures", task="tasks.classification:Classification"),
            compute="analysis.averaging:tta",
            record="analysis.averaging:Averaging",
            page="reports.analyses:averaging_page",
        ),
        Analysis(
            "ensemble",
            "What the seeds of an arm gain where they predict together, on examples that none was trained on.",
            Need("a study whose runs have classes", task="tasks.classification:Classification"),
            compute="analysis.averaging:ensemble",
            record="analysis.averaging:Averaging",
            page="reports.analyses:averaging_page",
            of="arm",
        ),
        Analysis(
            "skill",
            "How much better a network is than what needs no model, on the same examples.",
            Need("a task with something to compare with, such as forecasting", method="errors"),
            compute="analysis.skill:skill",
            record="analysis.skill:Skill",
            page="reports.analyses:skill_page",
        ),
        Analysis(
            "residuals",
            "What a regression says of single examples against what is true, and R² with its interval.",
            Need("predicted numbers (task=regression)", task="tasks.regression:Regression"),
            compute="analysis.residuals:residuals",
            record="analysis.residuals:Residuals",
            page="reports.analyses:residuals_page",
        ),
        Analysis(
            "denoising",
            "A network that removes noise against classical filters, on pictures of yours.",
            Need("a network that removes noise (task=denoising)", task="tasks.pixels.denoising:Denoising"),
            compute="analysis.denoising:denoising",
            record="analysis.denoising:Denoising",
            page="reports.analyses:denoising_page",
        ),
        Analysis(
            "reading",
            "Where texts are lost on the way from photographs: not found, badly framed, or misread.",
            Need("a detector (task=detection), and a reader", task="tasks.boxes.detection:Detection"),
            compute="analysis.reading:reading",
            record="analysis.reading:ReadingErrors",
            page="reports.reading:errors_page",
            quick=False,
        ),
        Analysis(
            "otherwise",
            "What the same network says under other settings of its task: another grammar, beams; nothing is trained.",
            Need("a task with options that leave the network as it is"),
            compute="analysis.otherwise:otherwise",
            record="analysis.otherwise:Otherwise",
            page="reports.otherwise:otherwise_page",
            quick=False,
        ),
        Analysis(
            "latent-map",
            "Where examples lie among the codes of a variational autoencoder.",
            Need("a variational autoencoder (task=vae)", task="tasks.generators.vae:Variational"),
            compute="analysis.latent:latent_map",
            record="analysis.latent:LatentMap",
            page="reports.analyses:latent_page",
        ),
        Analysis(
            "likelihood",
            "How probable a variational autoencoder holds the examples to be: a bound on log p(x).",
            Need("a variational autoencoder (task=vae)", task="tasks.generators.vae:Variational"),
            compute="analysis.latent:likelihood",
            record="analysis.latent:Likelihood",
            page="reports.analyses:likelihood_page",
        ),
        Analysis(
            "alignment",
            "Where a network looks for every token that it writes.",
            Need(
                "one sequence written from another (task=seq2seq, translation)", task="tasks.sequences.seq2seq:Seq2Seq"
            ),
            compute="analysis.alignment:alignment",
            record="analysis.alignment:Alignments",
            page="reports.analyses:alignment_page",
        ),
        Analysis(
            "words",
            "Nearest words, a map of words, and what dot products of word vectors come to.",
            Need("word vectors (task=words)", task="tasks.sequences.words:Words"),
            compute="analysis.words:words",
            record="analysis.words:WordMap",
            page="reports.analyses:words_page",
        ),
        Analysis(
            "quality",
            "Losses of a generator beside the quality of what it draws, over the epochs.",
            Need("records of a Fréchet distance (task=gan)", figure="val/frechet", weights=False),
            compute="analysis.quality:quality",
            record="analysis.quality:Quality",
            page="reports.analyses:quality_page",
            version=2,
        ),
        Analysis(
            "neighbours",
            "What the nearest neighbours of examples say, in the inputs and in any layer: accuracy, bias and variance.",
            Need("classes", task="tasks.classification:Classification"),
            compute="analysis.neighbours:neighbours",
            record="analysis.neighbours:Neighbours",
            page="reports.neighbours:neighbours_page",
        ),
        Analysis(
            "probe",
            "What a linear classifier and nearest neighbours read off a layer, with few labels and with many.",
            Need(
                "pictures with classes",
                task=("tasks.pretext.pretext:Pretext", "tasks.classification:Classification"),
            ),
            compute="analysis.probe:probe",
            record="analysis.probe:Probe",
            page="reports.probe:probe_page",
            quick=False,
        ),
        Analysis(
            "corruptions",
            "How accuracy falls as pictures get noisy, blurred, pale, packed, restyled or shuffled, by strength.",
            Need("classes of pictures", task="tasks.classification:Classification"),
            compute="analysis.corruptions:corruptions",
            record="analysis.corruptions:Corruptions",
            page="reports.corruptions:corruptions_page",
            across="analysis.severity:severity",
            across_page="reports.corruptions:severity_page",
            quick=False,
        ),
        Analysis(
            "retrieval",
            "How near a network places what is of one class: recall at k, verification ROC, one-shot tasks.",
            Need("points by class (task=embedding)", task="tasks.embedding.embedding:Embedding"),
            compute="analysis.retrieval:retrieval",
            record="analysis.retrieval:Retrieval",
            page="reports.retrieval:retrieval_page",
        ),
        Analysis(
            "clusters",
            "Which groups examples form behind a layer, by k-means and by fuzzy C-means, against the classes.",
            Need("a task that says something of single examples, unlike gan", method="inspect"),
            compute="analysis.clusters:clusters",
            record="analysis.clusters:Clusters",
            page="reports.clusters:clusters_page",
        ),
        Analysis(
            "embed",
            "Examples as dots in the plane, by principal components, t-SNE or UMAP of what a layer makes of them.",
            Need("a task that says something of single examples, unlike gan", method="inspect"),
            compute="analysis.embed:embed",
            record="analysis.embed:Embedding",
            page="reports.embedding:embedding_page",
        ),
        Analysis(
            "features",
            "The filters of the first layer, and what layers make of a picture.",
            Need("a task that says something of single examples, unlike gan", method="inspect"),
            compute="analysis.features:features",
            record="analysis.features:Features",
            page="reports.features:features_page",
        ),
        Analysis(
            "classes",
            "Why a network is right more often about some classes: accuracy against separation, and confused pairs.",
            Need("classes", task="tasks.classification:Classification"),
            compute="analysis.classes:classes",
            record="analysis.classes:Classes",
            page="reports.separation:classes_page",
            version=2,
        ),
        Analysis(
            "class-seeds",
            "The same over all seeds of an arm: accuracies of classes and their separation, with intervals over seeds.",
            Need("a study whose runs have classes", task="tasks.classification:Classification"),
            compute="analysis.classes:class_seeds",
            record="analysis.classes:ClassSeeds",
            page="reports.separation:class_seeds_page",
            of="arm",
        ),
        Analysis(
            "memory",
            "Who holds what in one training step, predicted and measured, and what would save some of it.",
            Need("a network that is trained step by step"),
            compute="analysis.memory:memory",
            record="analysis.memory:StepMemory",
            page="reports.memory:memory_page",
        ),
        Analysis(
            "weights",
            "Norms, spectra and zeros of weights, units that are dead, and whether an L1 or an L2 penalty shaped them.",
            Need("a network with weights"),
            compute="analysis.weights:weights",
            record="analysis.weights:Weights",
            page="reports.weights:weights_page",
        ),
        Analysis(
            "gradients",
            "How the gradient fares on its way back through the layers: whether it vanishes or explodes.",
            Need("a network that is trained on one loss"),
            compute="analysis.gradients:gradients",
            record="analysis.gradients:Gradients",
            page="reports.gradients:gradients_page",
        ),
    )
}


def nested(options: Mapping[str, Any]) -> dict[str, Any]:
    """``{"task.grammar": "us"}`` as ``{"task": {"grammar": "us"}}``: an option that is a mapping takes dotted names."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        head, _, rest = name.partition(".")
        if rest and isinstance(known := found.setdefault(head, {}), dict):
            known[rest] = value
        else:
            found[name] = value
    return found


def _listed(options: Mapping[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """``kinds=texture,shuffle`` as people write it: words with commas between, where an option takes several."""
    several = {name for name, field in model.model_fields.items() if get_origin(field.annotation) is tuple}
    return {
        name: [word.strip() for word in value.split(",")] if name in several and isinstance(value, str) else value
        for name, value in options.items()
    }


_registered: dict[str, Analysis] = {}


def register(analysis: Analysis) -> Analysis:
    """Make an analysis of your own available under its name, to the command, the report and the notebook."""
    if {analysis.name, *analysis.also} & {name for one in ANALYSES.values() for name in (one.name, *one.also)}:
        rule = f"{analysis.name!r} is the name of an analysis that ships with paribus"
        raise RecipeError(rule, hint="choose another name")
    _registered[analysis.name] = analysis
    return analysis


def analyses() -> dict[str, Analysis]:
    """All analyses by name: those that ship, then those that were registered."""
    return {**ANALYSES, **_registered}


def find(name: str) -> Analysis:
    """The analysis of this name, or of another name that it has.

    Raises:
        RecipeError: if there is none.
    """
    known = {other: one for one in analyses().values() for other in (*one.also, one.name)}
    if name not in known:
        raise RecipeError("there is no analysis of this name", got=name, hint=nearest(name, known))
    return known[name]


def resolve(place: Place) -> Any:
    """Import what a place names."""
    if not isinstance(place, str):
        return place
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(f"paribus.{module}"), attribute)
