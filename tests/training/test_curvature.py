"""N8: the largest curvature, and the theorem that gradient descent on a quadratic diverges iff lr > 2/λmax."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from paribus.records.parts import Part, build
from paribus.training.curvature import largest_curvature, stable_below

EIGENVALUES = torch.tensor([4.0, 1.0, 0.25, 0.01], dtype=torch.double)


def quadratic(eigenvalues):
    """A Hessian with these eigenvalues in random directions, a point, and the loss ½wᵀHw."""
    generator = torch.Generator().manual_seed(1)
    n = len(eigenvalues)
    turned, _ = torch.linalg.qr(torch.randn(n, n, generator=generator, dtype=torch.double))
    hessian = turned @ eigenvalues.diag() @ turned.T
    w = torch.randn(n, generator=generator, dtype=torch.double).requires_grad_()
    return hessian, w, lambda: 0.5 * w @ hessian @ w


@pytest.mark.parametrize("eigenvalues", [EIGENVALUES, torch.tensor([2.0, -5.0, 0.3]), torch.tensor([-1.0, -3.0])])
def test_n8_it_is_the_largest_eigenvalue_even_where_a_negative_one_is_larger_in_size(eigenvalues):
    _, w, loss = quadratic(eigenvalues.double())
    found = largest_curvature(loss, [w], most=500, tolerance=1e-9)
    assert found.value == pytest.approx(float(eigenvalues.max()), rel=1e-6)
    assert found.error < 1e-6


def test_n8_of_a_network_it_is_that_of_the_whole_hessian():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    x, y = torch.randn(20, 3, dtype=torch.double), torch.randint(2, (20,))
    parameters = list(net.parameters())
    shapes = [it.shape for it in parameters]

    def loss_of(flat):
        pieces = flat.split([shape.numel() for shape in shapes])
        named = {name: p.view(s) for (name, _), p, s in zip(net.named_parameters(), pieces, shapes, strict=True)}
        return nn.functional.cross_entropy(torch.func.functional_call(net, named, x), y)

    flat = torch.cat([it.detach().flatten() for it in parameters])
    expected = torch.linalg.eigvalsh(torch.autograd.functional.hessian(loss_of, flat))[-1]
    found = largest_curvature(lambda: nn.functional.cross_entropy(net(x), y), parameters, most=1000, tolerance=1e-8)
    assert found.value == pytest.approx(float(expected), rel=1e-6)


def test_a_loss_that_is_linear_has_none():
    w = torch.ones(3, requires_grad=True)
    assert largest_curvature(lambda: 2 * w.sum(), [w]).value == 0
    assert stable_below(0.0) == math.inf


OPTIMIZERS = {
    "plain": {"momentum": 0.0},
    "momentum": {"momentum": 0.9},
    "nesterov": {"momentum": 0.9, "nesterov": True},
}


@pytest.mark.parametrize("options", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("share", [0.99, 1.01])
def test_n8_gradient_descent_on_a_quadratic_diverges_iff_its_rate_is_above_the_limit(options, share):
    """One per cent on either side: after 3,000 steps that is a factor of a thousand and more, down or up."""
    _, w, loss = quadratic(EIGENVALUES[:3])
    curvature = largest_curvature(loss, [w], most=500, tolerance=1e-10).value
    limit = stable_below(curvature, **options)
    if options["momentum"] == 0:
        assert limit == pytest.approx(2 / 4.0)
    optimizer = build("optimizer", Part("sgd", lr=share * limit, **options), params=[w])
    start = float(w.detach().norm())
    for _ in range(3000):
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
    grown = float(w.detach().norm()) / start
    assert grown < 1e-3 if share < 1 else grown > 1e3
