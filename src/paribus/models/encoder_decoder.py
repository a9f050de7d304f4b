"""A recurrent network that reads a sequence, and another that writes one and looks back at what was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from paribus.models.blocks import Rate, pick
from paribus.models.pairs import Pair, padding, require_pairs, sides
from paribus.models.sequences import Width
from paribus.models.transformer import Output, Vectors

Select = Literal["soft", "hard", "straight_through", "gumbel", "reinforce"]
CELLS: Mapping[str, type[nn.RNN] | type[nn.GRU] | type[nn.LSTM]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
Memory = tuple[
    Tensor, Tensor, Tensor
]  # what was read (B, S, K); where there is a token (B, S); how writing begins (B, W)


class EncoderDecoder(nn.Module):
    """Recurrent layers read, some forth and some back, others write; attention chooses what to look at for each token.

    The state of the writing layers asks, scores tell how well each token that was read answers, and the mean of what
    was read, weighted by softmax(scores), is put beside the state (Bahdanau et al., 2015; Luong et al., 2015).

    Attention that is not soft looks at one token only. By arg-max, scores get no gradient at all. The straight-through
    estimator lends them that of the softmax; with Gumbel noise the place is drawn as well; and REINFORCE draws it too,
    and learns from what the choice earned: unbiased, with much noise.

    Args:
        input_shape: (S,) tokens that are read.
        num_outputs: size of the vocabulary that is written.
        num_tokens: size of the vocabulary that is read.
        cell: of the recurrent layers: plain, gated recurrent units, or long short-term memory.
        width: units of each layer, in each direction.
        depth: layers that read, and layers that write.
        embedding: numbers that stand for a token.
        attention: how scores come about: additive vᵀtanh(Wq + Uk), multiplicative qᵀWk; none looks at nothing.
        select: whether attention is a mean over all tokens (soft), or looks at one: the one of the highest score, which
            learns nothing (hard) or by the gradient of the mean (straight_through), one that Gumbel noise chooses, or
            one that is drawn, and learns from what that earned (reinforce).
        temperature: of the Gumbel softmax, below 1 closer to one token.
        dropout: share of the vectors of tokens and of the outputs of layers that is set to zero at random.
        tie: whether the last layer uses the vectors of the tokens as its weights.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        num_tokens: int = 0,
        *,
        cell: Literal["rnn", "gru", "lstm"] = "gru",
        width: Width = 64,
        depth: Width = 1,
        embedding: Width = 32,
        attention: Literal["additive", "multiplicative", "none"] = "additive",
        select: Select = "soft",
        temperature: Annotated[float, Field(gt=0)] = 1.0,
        dropout: Rate = 0.0,
        tie: bool = False,
    ) -> None:
        super().__init__()
        require_pairs(input_shape, num_tokens, num_outputs)
        self.select, self.temperature, self.depth = select, temperature, depth
        self.vectors = Vectors(num_tokens, embedding) if tie else nn.Embedding(num_tokens, embedding)
        layers = {"num_layers": depth, "batch_first": True, "dropout": dropout if depth > 1 else 0.0}
        self.forth = pick(CELLS, cell, "cell")(embedding, width, **layers)
        self.back = pick(CELLS, cell, "cell")(embedding, width, **layers)
        self.bridge = nn.Linear(2 * width, depth * width)
        self.writer = pick(CELLS, cell, "cell")(embedding, width, **layers)
        self.scores = None if attention == "none" else SCORES[attention](width, 2 * width)
        self.combine = nn.Linear(width + (2 * width if self.scores else 0), embedding if tie else width)
        self.dropout = nn.Dropout(dropout)
        self.output = Output(self.combine.out_features, num_outputs, self.vectors if tie else None)

    @property
    def decides(self) -> bool:
        """Whether it draws where to look, and must be told what that earned: then there is :meth:`decide`."""
        return self.select == "reinforce" and self.scores is not None

    def read(self, source: Tensor) -> Memory:
        """What is kept of tokens (B, S)."""
        known = padding(source)
        order = mirrored(known)  # (B, S)
        forth, _ = self.forth(self.dropout(self.vectors(source)))  # (B, S, width)
        back, _ = self.back(self.dropout(self.vectors(source.gather(1, order))))
        states = torch.cat([forth, back.gather(1, order[..., None].expand_as(back))], 2)
        last = known.sum(1, keepdim=True).sub(1).clamp(min=0)[..., None].expand(-1, -1, forth.shape[2])
        begin: Tensor = self.bridge(torch.cat([forth.gather(1, last), back.gather(1, last)], 2)[:, 0]).tanh()
        return states, known, begin

    def say(self, memory: Memory, before: Tensor, last: bool = False) -> Tensor:
        """Logits (B, T, num_outputs) of what follows the tokens (B, T) that were written; or of the last ones alone."""
        return self._said(memory, before, last)[0]

    def forward(self, inputs: Pair) -> Tensor:
        """Logits (B, T, num_outputs) of every token of the target, from the source and the tokens before."""
        source, before = sides(inputs)
        return self.say(self.read(source), before)

    def decide(self, inputs: Pair) -> tuple[Tensor, Tensor]:
        """The same, and the log-probability (B, T) of the places that were drawn to look at."""
        source, before = sides(inputs)
        logits, _, log_chances = self._said(self.read(source), before)
        assert log_chances is not None
        return logits, log_chances

    def attend(self, inputs: Pair) -> Tensor | None:
        """How much each token that is written looks at each that is read: (B, T, S)."""
        source, before = sides(inputs)
        return self._said(self.read(source), before)[1]

    def _said(self, memory: Memory, before: Tensor, last: bool = False) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Logits, where it looks, and how probable that was where it was drawn by chance."""
        read, known, begin = memory
        state = begin.unflatten(1, (self.depth, -1)).transpose(0, 1).contiguous()  # (depth, B, width)
        start = (state, torch.zeros_like(state)) if isinstance(self.writer, nn.LSTM) else state
        asks, _ = self.writer(self.dropout(self.vectors(before)), start)  # (B, T, width)
        asks = asks[:, -1:] if last else asks
        weights = log_chances = None
        if self.scores is not None:
            scores = self.scores(asks, read).masked_fill(~known[:, None], -torch.inf)  # (B, T, S)
            weights, log_chances = selected(scores, self.select, self.temperature, self.training)
            asks = torch.cat([asks, weights @ read], 2)
        return self.output(self.dropout(self.combine(asks).tanh())), weights, log_chances


class Additive(nn.Module):
    """vᵀtanh(Wq + Uk) for all queries (B, T, Q) and keys (B, S, K): (B, T, S) (Bahdanau et al., 2015)."""

    def __init__(self, queries: int, keys: int) -> None:
        super().__init__()
        self.query, self.key = nn.Linear(queries, queries, bias=False), nn.Linear(keys, queries)
        self.value = nn.Linear(queries, 1, bias=False)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Scores."""
        found: Tensor = self.value((self.query(queries)[:, :, None] + self.key(keys)[:, None]).tanh())
        return found.squeeze(-1)


class Multiplicative(nn.Module):
    """qᵀWk/√Q for all queries (B, T, Q) and keys (B, S, K): (B, T, S) (Luong et al., 2015)."""

    def __init__(self, queries: int, keys: int) -> None:
        super().__init__()
        self.key = nn.Linear(keys, queries, bias=False)

    def forward(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Scores."""
        found: Tensor = queries @ self.key(keys).transpose(1, 2) / queries.shape[-1] ** 0.5
        return found


SCORES: Mapping[str, type[Additive] | type[Multiplicative]] = {"additive": Additive, "multiplicative": Multiplicative}


def selected(
    scores: Tensor, how: Select, temperature: float = 1.0, training: bool = False
) -> tuple[Tensor, Tensor | None]:
    """Weights (…, S) from scores, and the log-probability (…) of the place that was drawn where REINFORCE needs it.

    Args:
        scores: (…, S), −∞ where nothing stands.
        how: see :class:`EncoderDecoder`.
        temperature: of the Gumbel softmax.
        training: whether places are drawn by chance; else the highest score counts.
    """
    soft = scores.softmax(-1)
    if how == "soft":
        return soft, None
    if how == "reinforce" and training:
        chosen = torch.multinomial(soft.detach().flatten(0, -2), 1).view(*soft.shape[:-1], 1)
        log_chances = soft.gather(-1, chosen).clamp(min=1e-30).log().squeeze(-1)
        return one_hot(chosen, soft), log_chances
    if how == "gumbel" and training:
        noise = -torch.empty_like(scores).exponential_().log()
        soft = ((scores + noise) / temperature).softmax(-1)
    hard = one_hot(soft.argmax(-1, keepdim=True), soft)
    lent = soft - soft.detach() if how in ("straight_through", "gumbel") else 0 * soft  # the gradient, of value 0
    return hard + lent, None


def mirrored(known: Tensor) -> Tensor:
    """Places (B, S) that turn each sequence round and leave what it is filled up with where it is."""
    places = torch.arange(known.shape[1], device=known.device).expand(known.shape)
    return torch.where(known, known.sum(1, keepdim=True) - 1 - places, places)


def one_hot(places: Tensor, like: Tensor) -> Tensor:
    """1 at the places (…, 1), else 0."""
    return torch.zeros_like(like).scatter(-1, places, 1.0)
