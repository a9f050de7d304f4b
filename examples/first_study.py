# ruff: noqa: B018, D100 (a notebook shows what its last line names)
# %% [markdown]
# # A first study
#
# Somebody says: *a wider network reads handwriting better*. You try it, and it does, by two points.
# Was it the width? Or was it luck: other starting weights, another order of the pictures?
#
# One run cannot tell. A **study** can: it trains every variant several times, and run by run it gives all variants
# the same luck. What is left between them is the change itself.

# %%
import paribus as pb

study = pb.Study(
    "digits/mlp",  # a small network that reads 8×8 pictures of digits
    vary={"model.widths": [[8], [64]]},  # narrow is the reference, wide is the change
    changes={"budget.epochs": 3},  # the same for both: three passes over the pictures
    seeds=5,  # five pairs of runs
)
study

# %% [markdown]
# That was only the plan. Now train it: ten runs, in parallel on the cores of this machine, while a table shows how
# far they are. Stop it whenever you like. The next `run()` goes on where it was, and never trains a finished run again.

# %%
result = study.run()
result

# %% [markdown]
# The verdict is one word: *better*, *worse*, *no difference* or *undecided*. It is about *data like these*: does it
# hold for other pictures of the same kind? Behind it stands the mean of the five paired differences with its 95 %
# interval, the range of true effects that these runs are compatible with. Beside it stands that *for these data* alone.

# %%
effect = result.effects[0]
print(effect.label)
print(f"{effect.estimate.value:+.3f}, 95 % [{effect.estimate.low:+.3f}, {effect.estimate.high:+.3f}]")
print(effect.answer)
print(effect.beside)

# %% [markdown]
# Accuracy is not the only question. The same runs, asked for their loss, answer without any training:

# %%
by_loss = pb.Study(
    "digits/mlp",
    vary={"model.widths": [[8], [64]]},
    changes={"budget.epochs": 3},
    seeds=5,
    metric="val/loss",
    name="by loss",
).run()
by_loss

# %% [markdown]
# Everything lies in the folder `runs`, one folder for each run. To show it to somebody, make a page:

# %%
study.report()
