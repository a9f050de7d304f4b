# ruff: noqa: B018, D100 (a notebook shows what its last line names)
# %% [markdown]
# # What a teacher is worth
#
# A large network is trained first. Then a small one learns the same pictures twice: from the labels alone, and from
# the labels and the large one's answers. The pictures, the seeds, the epochs are the same for all.
#
# On handwritten digits it takes a minute. For ResNet-56 and ResNet-20 on CIFAR-10 change the three lines below to
# `RECIPE, TEACHER, STUDENT = "cifar10/cnn", {"use": "resnet56"}, {"use": "resnet20"}`, `EPOCHS = 100`.

# %%
import paribus as pb

RECIPE, TEACHER, STUDENT = "digits/cnn", {"use": "cnn", "widths": [32, 64]}, {"use": "cnn", "widths": [4]}
EPOCHS, SEEDS = 10, 3

# %% [markdown]
# The teacher and the small net alone, as the two arms of a study: how much is there to be gained at all?

# %%
sizes = pb.Study(RECIPE, vary={"model": [STUDENT, TEACHER]}, epochs=EPOCHS, seeds=SEEDS, name="sizes")
gap = sizes.run()
gap

# %% [markdown]
# Now the small net with a teacher. Each seed learns from the teacher of its own seed, which has the same training
# examples: one that had seen this seed's validation examples would be refused. `alpha=0` is the small net alone.

# %%
folder = sizes.folder / sizes.design.arms()[1].slug
taught = pb.Study(
    RECIPE,
    vary={"task.alpha": [0.0, 0.5, 0.9]},
    changes={"model": STUDENT, "task": {"use": "distillation", "teacher": str(folder), "temperature": 4}},
    epochs=EPOCHS,
    seeds=SEEDS,
    name="taught",
)
result = taught.run()
result

# %% [markdown]
# The report has the intervals, and the accuracy over α.

# %%
taught.report()
