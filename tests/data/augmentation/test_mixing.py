"""Mixup and CutMix: who is mixed with whom, in which shares, and that labels say the same as pixels."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from paribus.chance import Draws, Seeds
from paribus.data.augmentation.compose import Compose
from paribus.data.augmentation.cutmix import Cutmix
from paribus.data.augmentation.follow import follow
from paribus.data.augmentation.mixing import beta, partners, shares
from paribus.data.augmentation.mixup import LEVELS, Mixup
from paribus.data.augmentation.transform import Identity
from paribus.data.columns import Column
from paribus.data.deliver.loader import Loader
from paribus.data.prepare.prepared import PreparedData, prepare
from paribus.errors import RecipeError
from paribus.records.recipe import Recipe

INDEX = torch.randperm(1000, generator=torch.Generator().manual_seed(0))[:64]
IMAGES = torch.randint(0, 256, (64, 3, 12, 10), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(64) % 10
KINDS = {"": Column("int64", kind="class")}
BOTH = {"mixup": Mixup(0.4), "cutmix": Cutmix()}


@pytest.mark.parametrize("alpha", [0.1, 0.2, 0.5, 1.0, 4.0])
def test_S7_shares_are_of_the_beta_distribution(alpha):
    """Two uniform numbers made into Beta(α, α), against SciPy's distribution function (Kolmogorov-Smirnov)."""
    drawn = shares(Draws(3, torch.arange(20_000)), alpha, 1.0).numpy()
    assert stats.kstest(drawn, stats.beta(alpha, alpha).cdf).pvalue > 0.001
    assert ((drawn >= 0) & (drawn <= 1)).all()


def test_extreme_draws_stay_shares():
    ends = torch.tensor([0.0, 1e-300, 2**-24, 0.5, 1 - 2**-24], dtype=torch.float64)
    first, second = torch.cartesian_prod(ends, torch.tensor([0.0, 0.25, 0.5, 0.75], dtype=torch.float64)).T
    for alpha in (1e-3, 0.2, 1.0, 100.0):
        drawn = beta(first, second, alpha)
        assert ((drawn >= 0) & (drawn <= 1)).all()


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 64), st.randoms(use_true_random=False))
def test_S7_the_partner_depends_on_who_is_in_the_batch_and_not_on_their_order(size, random):
    order = torch.tensor(random.sample(range(size), size))
    index = INDEX[:size]
    partner = partners(Draws(7, index))
    assert partner.sort().values.tolist() == list(range(size))  # each is somebody's partner once
    assert (partner != torch.arange(size)).all()
    assert torch.equal(index[order][partners(Draws(7, index[order]))], index[partner][order])


def test_one_alone_stays_as_it_is():
    for part in BOTH.values():
        changed, transform = part(IMAGES[:1], Draws(7, INDEX[:1]))
        assert torch.equal(changed, IMAGES[:1])
        assert follow(LABELS[:1], transform, KINDS, 10)[0, LABELS[0]] == 1


@pytest.mark.parametrize("name", BOTH)
def test_the_key_and_the_examples_decide(name):
    chain = Compose({name: BOTH[name]})
    once, again, other = (chain(IMAGES, key, INDEX)[0] for key in (5, 5, 6))
    assert torch.equal(once, again)
    assert not torch.equal(once, other)
    order = torch.randperm(64)
    assert torch.equal(chain(IMAGES[order], 5, INDEX[order])[0], once[order])


@pytest.mark.parametrize("name", BOTH)
def test_S7_the_mass_of_the_labels_is_one_and_as_the_pixels_say(name):
    """Pictures of one level each, 0 or 200: the mean level of a mixture tells how much of each class there is."""
    bright = (LABELS % 2).to(torch.uint8) * 200
    flat = bright.view(-1, 1, 1, 1).expand(-1, 3, 12, 10)
    changed, transform = Compose({name: BOTH[name]})(flat, 5, INDEX)
    mass = follow(LABELS % 2, transform, KINDS, 2)
    torch.testing.assert_close(mass.sum(1), torch.ones(64))
    assert len(mass[:, 1].unique()) > 10
    torch.testing.assert_close(changed.float().mean((1, 2, 3)), 200 * mass[:, 1], atol=0.51, rtol=0)  # rounded bytes


def test_a_mixture_is_the_weighted_mean():
    changed, mixed = Mixup(1.0)(IMAGES, Draws(5, INDEX))
    own = mixed.share.double().view(-1, 1, 1, 1)
    exact = own * IMAGES.double() + (1 - own) * IMAGES[mixed.partner].double()
    assert (changed.double() - exact).abs().max() <= 0.5
    assert torch.equal(mixed.share * LEVELS, (mixed.share * LEVELS).round())


def test_cutmix_takes_each_pixel_from_one_of_the_two_and_masks_with_it():
    masks = torch.randint(0, 9, (64, 1, 12, 10))
    changed, pasted = Cutmix()(IMAGES, Draws(5, INDEX))
    assert torch.equal(changed, torch.where(pasted.hole, IMAGES[pasted.partner], IMAGES))
    assert torch.equal(pasted.masks(masks, 255), torch.where(pasted.hole, masks[pasted.partner], masks))
    for hole in pasted.hole[:, 0]:  # a rectangle: what its rows and columns span
        assert torch.equal(hole, hole.any(1, keepdim=True) & hole.any(0, keepdim=True))
    with pytest.raises(RecipeError, match="a part of another one have no one box"):
        pasted.boxes(masks)


def test_the_mean_rectangle_is_that_of_all_shares_and_centres():
    """On a large picture the rectangle of area 1 − λ, λ uniform, keeps ∫ (s − s²/4)² over its side s = √(1 − λ)."""
    _, pasted = Cutmix()(IMAGES[:1, :1].expand(4000, -1, -1, -1).repeat(1, 1, 4, 4), Draws(5, torch.arange(4000)))
    side = torch.linspace(0, 1, 100_001, dtype=torch.float64).sqrt()
    expected = float(((side - side**2 / 4) ** 2).mean())
    covered = 1 - pasted.share.double()
    # sides are rounded down to whole pixels, of 48 and 40, which takes at most a pixel from each
    assert expected - 2.5 / 44 < covered.mean() < expected + 4 * float(covered.std()) / 4000**0.5


@pytest.mark.parametrize("part", [Mixup(0.0), Mixup(probability=0.0), Cutmix(0.0)])
def test_no_mixing_leaves_classes_classes(part):
    changed, transform = part(IMAGES, Draws(5, INDEX))
    assert changed is IMAGES
    assert isinstance(transform, Identity)
    assert follow(LABELS, transform, KINDS, 10) is LABELS


def test_a_probability_mixes_about_that_share():
    _, mixed = Mixup(1.0, 0.3)(IMAGES[:1].expand(5000, -1, -1, -1), Draws(5, torch.arange(5000)))
    changed = (mixed.share < 1).double().mean()
    assert abs(changed - 0.3) < 4 * (0.3 * 0.7 / 5000) ** 0.5 + 1 / LEVELS


def of_digits() -> PreparedData:
    return prepare(Recipe.load("digits/cnn"), Seeds(0))


@pytest.mark.parametrize("name", [*BOTH, "randaugment", "resized_crop", "erase"])
def test_S7_evaluation_data_are_as_they_are_stored(name):
    recipe = Recipe.load("digits/cnn", {f"augment.{name}": True})
    from paribus.training.loaders import Loaders

    prepared = of_digits()
    loaders = Loaders.of(recipe, prepared, "cpu")
    for batch in loaders.validation.in_order():
        inputs, targets = prepared.examples.take(batch.rows)
        assert torch.equal(batch.inputs, inputs)
        assert torch.equal(batch.targets, targets)
    assert torch.equal(loaders.shown.inputs, prepared.examples.take(loaders.shown.rows)[0])


def test_S7_a_batch_comes_out_alike_whenever_it_is_asked_for():
    prepared = of_digits()
    loader = Loader(prepared.examples, prepared.rows["train"], 64, torch.device("cpu"))
    whole, rest = ([*loader.shuffled(Seeds(3), 4, start, Compose(BOTH))] for start in (0, 3))
    for one, other in zip(whole[3:], rest, strict=True):
        assert torch.equal(one.inputs, other.inputs)
        assert torch.equal(one.targets, other.targets)
        assert one.targets.shape == (len(one), 10)
