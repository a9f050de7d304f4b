"""A single training, as people meet it in Python."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from paribus import files
from paribus.data.prepare.prepared import inputs_of
from paribus.errors import Interrupted, MissingData, RunError
from paribus.progress import Announce, Lines, silent
from paribus.records import store
from paribus.records.given import recipe_of
from paribus.records.history import History
from paribus.records.inputs import Inputs, OnChange, changes, identity_of
from paribus.records.parts import register_own
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder, RunResult, Status
from paribus.records.signals import Look
from paribus.records.study import slug
from paribus.training import more
from paribus.training.check import check_run
from paribus.training.compiling import check_compiling
from paribus.training.distributed import meeting
from paribus.training.execution import Settings, is_on, require
from paribus.training.keep import Keep
from paribus.training.loop import train
from paribus.training.monitor import Listener
from paribus.training.resume import adopt

logger = logging.getLogger(__name__)


class Run:
    """One training: see :class:`paribus.Run`, which adds what people ask of it."""

    def __init__(
        self,
        recipe: Recipe | str | Path,
        changes: Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        runs: str | Path = "runs",
        **fields: Any,
    ) -> None:
        self.recipe = recipe_of(recipe, changes, fields)
        register_own(self.recipe.fields.values())
        self.seed = seed
        self.shorter: RunFolder | None = None  # the finished run that this one goes on from
        self.inputs: Inputs | None = None  # what it reads, by its content; known when the folder was looked for
        self._place = Path(runs) / slug(self.recipe.name)  # of all runs of recipes of this name
        self._found: RunFolder | None = None

    @property
    def folder(self) -> RunFolder:
        """Its run folder: another one for another recipe, and for other data."""
        return self.find()

    def find(self, progress: Announce = silent) -> RunFolder:
        """Its run folder; ``progress`` is told how far its data are, whose content must be known for that.

        Raises:
            DataError: for data that are unusable. Those that are missing may be needed no more.
        """
        if self._found is None:
            here = self._folder(self.recipe.identity)
            try:
                self.inputs = inputs_of(self.recipe, self.seed, progress)
            except MissingData:
                return next(self._others(), here)  # finished or not, it is the one that read what is missing now
            earlier = here.exists and here.result is not None and here.inputs is None  # that version recorded no data
            self._found = here if earlier else self._folder(self.inputs.identity(self.recipe.identity))
        return self._found

    def train(
        self,
        *,
        device: str = "auto",
        threads: int | None = None,
        checkpoint_seconds: float = 10.0,
        keep: str = "none",
        signals: bool = True,
        processes: int | None = None,
        compile: str = "auto",
        patience: float = 600.0,
        shard: bool = False,
        data_changed: OnChange = "refuse",
        listen: Listener | None = None,
        progress: Announce | None = None,
    ) -> RunResult:
        """Train it, go on if it was interrupted, or give the result if it is finished.

        Args:
            device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
            threads: of the processor; by default all cores where they pay, else one.
            checkpoint_seconds: least time between two checkpoints.
            keep: the epochs whose weights stay, for ``pb.load(run, epoch=3)``: ``best``, ``last``, ``all``,
                ``every:5``, or several with commas between. Whatever is kept, so is the state from which :meth:`more`
                goes on.
            signals: whether to record what it looks like from inside, for :attr:`signals` and a diagnosis; costs next
                to nothing, and changes nothing.
            processes: that train together on this machine, each with its share of every batch; where torchrun has
                started several, those are. The result is that of one, but for rounding.
            compile: whether the model is compiled: ``auto`` on a GPU where the time that is left pays for it, ``on``,
                ``off``. It changes last bits.
            patience: seconds that processes wait for one that does not come to a step, before it is given up.
            shard: whether each of several processes has but a part of the weights, of the gradient and of the
                optimizer's state (FSDP2), for networks that are too large for one.
            data_changed: whether an interrupted run whose data have changed since is refused, or left as it is while
                another one is started.
            listen: told of the training; by default a line now and then says how far it is, ``no_listener`` none.
            progress: told how far the reading of data is.

        Raises:
            RunError: if its data have changed, or if it is finished on another device than the one asked for.
        """
        together = self._processes(processes)
        meeting.check_patience(patience)
        if self.follows:
            return self._follow()
        require(device)
        check_compiling(compile)
        lines = Lines()
        listen = listen or (lambda now: lines(f"{self.recipe.name}, seed {self.seed}, step", now.step, now.steps))
        self.find(progress or lines)
        keeps = bool(Keep.of(keep))
        many: dict[str, Any] = {"processes": together, "patience": patience, "shard": shard}
        settings = Settings(device, threads, checkpoint_seconds, keep, signals, compile=compile, **many)
        prepared = None
        if not self.folder.exists:  # what is refused leaves no run behind, which would be the `last` one
            prepared = check_run(self.recipe, self.seed, settings, progress or lines)
        for place in (self.folder.path.parent, self.folder.path):
            files.remove_old_leftovers(place)
        if self.folder.result is None and not self.folder.checkpoints.exists():
            self._compare(data_changed)
            twins = store.finished(self._place.parent).get((self.identity, self.seed), [])
            adopt(self.folder, [twin for twin in twins if twin.kept.exists() or not keeps], settings)
        self._refuse_another_device(device)
        if self.shorter is not None and not self.folder.exists:
            more.begin(self.folder, self.recipe, self.shorter)
        if keeps and self.folder.result is not None and not self.folder.kept.exists():
            logger.warning("finished before, without keeping anything: to keep %s, delete %s", keep, self.folder.path)
        return train(self.folder, self.recipe, self.seed, settings, listen, progress or lines, self.inputs, prepared)

    @property
    def identity(self) -> str:
        """Of its recipe and of what it reads."""
        return identity_of(self.recipe.identity, self.inputs)

    def check(
        self,
        *,
        device: str = "auto",
        threads: int | None = None,
        keep: str = "none",
        processes: int | None = None,
        data_changed: OnChange = "refuse",
        progress: Announce = silent,
    ) -> None:
        """Refuse what :meth:`train` would refuse before its first step; the data are read, and nothing is written.

        Raises:
            ParibusError: as :meth:`train` would.
        """
        require(device)
        Keep.of(keep)
        if self.find(progress).result is not None:
            self._refuse_another_device(device)
            return
        self._compare(data_changed)
        files.check_writable(self.folder.path)
        check_run(self.recipe, self.seed, Settings(device, threads, processes=self._processes(processes)), progress)

    @property
    def follows(self) -> bool:
        """Whether torchrun started several processes, of which this is not the first."""
        return (here := meeting.place()) is not None and here.rank > 0

    def _processes(self, wish: int | None) -> int:
        """How many train it.

        Raises:
            RunError: if that is no number of processes, or another one than torchrun started.
        """
        if wish is not None and (type(wish) is not int or wish < 1):
            raise RunError("a run is trained by one process or more", got=wish, hint="for example processes=2")
        return meeting.agreed(wish)

    def _follow(self) -> RunResult:
        """Where torchrun started several processes and this is not the first: train with it, and give its result.

        Raises:
            Interrupted: if it stopped before the end.
        """
        from paribus.training.distributed.follow import follow

        follow(self.recipe, self.seed)
        if (result := self.result) is None:
            raise Interrupted("the first process has stopped before the end", got=str(self.folder.path))
        return result

    @property
    def status(self) -> Status:
        """Where it stands."""
        return self.folder.status

    @property
    def result(self) -> RunResult | None:
        """What it left behind, once it is finished."""
        return self.folder.result

    @property
    def metrics(self) -> dict[str, float | None]:
        """Figures of the final weights by name, ``val/accuracy``, once it is finished."""
        return self.folder.metrics

    @property
    def history(self) -> History:
        """One row per epoch: ``history["val/loss"]`` is a column, ``pandas.DataFrame(history)`` a data frame."""
        return self.folder.history

    @property
    def signals(self) -> tuple[Look, ...]:
        """What was seen inside the training: a record before its first step, behind epochs 1, 2, 4, 8, … and the last.

        Nothing where it was trained without, or by an earlier version.
        """
        return self.folder.signals

    def __repr__(self) -> str:
        return f"Run({self.recipe.name!r}, seed={self.seed}, {self.status.state}, {str(self.folder.path)!r})"

    def _folder(self, identity: str) -> RunFolder:
        return RunFolder(self._place / identity / f"seed-{self.seed}")

    def _others(self) -> Iterator[RunFolder]:
        """Runs of the same recipe and seed, whatever their data were."""
        for path in sorted(self._place.glob(f"*/seed-{self.seed}/recipe.json")):
            folder = RunFolder(path.parent)
            if (found := folder.inputs) and folder.identity[0] == found.identity(self.recipe.identity):
                yield folder

    def _compare(self, data_changed: OnChange) -> None:
        """Say what has changed since the same recipe was trained on data of the same place."""
        for other in self._others() if self.inputs is not None else ():
            before = other.inputs
            if before is None or self.inputs is None or before.data.place != self.inputs.data.place:
                continue
            if other.path == self.folder.path:
                continue
            news = "; ".join(changes(before, self.inputs))
            if not other.status.over and data_changed == "refuse":
                raise RunError(
                    f"the data have changed since this run was interrupted: {news}",
                    got=str(other.path),
                    hint="bring back the data it began with, or start anew with --data-changed restart",
                )
            logger.warning("the data have changed since %s: %s; this is another run", other.path, news)

    def _refuse_another_device(self, device: str) -> None:
        known = self.folder.result
        if known is not None and not is_on(device, known.execution):
            raise RunError(
                f"this run is finished, on another device than {device}",
                got=f"{known.execution['device']} in {self.folder.path}",
                hint="leave --device out to keep it, or train it again below another --runs DIR",
            )
