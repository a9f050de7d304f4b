"""Words about nets as tokens: what each word is for, and texts in few signs.

Every word has a role or is one of those that say nothing; with any other the text is not read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches

from paribus.theory.layers.kinds import ACTIVATIONS, CELLS
from paribus.theory.layers.spellings import is_activation, kind_of

Token = tuple[str, str]  # what it is, and the word

# fmt: off
COUNTS = {word: n for n, words in enumerate((
    "a an one single ein eine einem einer un une", "two both zwei deux", "three drei trois", "four vier quatre",
    "five fünf cinq", "six sechs", "seven", "eight"), 1) for word in words.split()}
NOUNS = {  # what a number counts
    **dict.fromkeys(("filter", "filters", "kernels", "channels", "channel", "maps", "map", "ch", "filtern", "kanälen",
                     "kanäle", "kanal", "filtres", "canaux"), "filters"),
    **dict.fromkeys(("unit", "units", "neuron", "neurons", "node", "nodes", "cells", "neuronen", "neurones", "unités",
                     "einheiten", "ausgänge", "ausgängen", "ausgang", "ausgabeneuronen", "ausgabeneuron"), "units"),
    **dict.fromkeys(("class", "classes", "klassen", "logits", "way", "tags"), "classes"),
    **dict.fromkeys(("heads", "head", "köpfe", "köpfen"), "heads"), **dict.fromkeys(("groups",), "groups"),
    **dict.fromkeys(("words", "tokens", "vocab", "vocabulary", "wörter", "wörtern", "vokabular"), "words"),
}
ORDINALS = {"first": 1, "second": 2, "third": 3, "erste": 1, "ersten": 1, "zweite": 2, "zweiten": 2, "dritte": 3,
            "dritten": 3}
OPTIONS = {  # what stands before or behind its number
    **dict.fromkeys(("kernel", "window", "width", "size", "length", "kern", "kerngröße", "noyau", "taille", "größe",
                     "filtergröße", "kernelgröße", "k", "fenster"), "kernel"),
    **dict.fromkeys(("stride", "strides", "schrittweite", "pas", "s"), "stride"),
    **dict.fromkeys(("padding", "pad", "zeropadding", "auffüllung"), "padding"),
    **dict.fromkeys(("dilation", "dilated", "atrous"), "dilation"),
    **dict.fromkeys(("rate", "probability", "prob"), "rate"), "p": "padding",
    **dict.fromkeys(("dim", "dims", "dimension", "dimensions", "dimensional", "d", "breite"), "width"),
    "factor": "factor",
}
SPOKEN = """
1d 2d 3d activation activations after again aktivierung also an and another anschließend applied applies apply
architecture are as at auf aus autoencoder avec backbone basic be beginnt begins besteht between bloc block body by
cifar class classifier cnn come comes consists contain contains convnet convolve convolves couche couches danach dann
das dataset davon de decoder deep dem den der des die directly downsampling du each eine einem einen einer eines
einfaches encoder enthält et expand expansion features feed feedforward final finally folgen folgt followed for
forward from fully function functions gefolgt give gives goes has having head here i image imagenet images in into is
it its je jeweils kleines la layer layers le lenet les lets letzte lineare linearen linearly mit mlp mnist model
multilayer my net network netz neural neuronales next nn nonlinearities nonlinearity nur of on only operation our out
over own per perceptron perform probability produces producing project projection punktweise regularisation
regularization respectively rows schicht schichten schließlich scores set short sich simple size small spatial stacked
stage starting starts suivi take takes that the them then there this time to too type und use used uses using value
vgg von we weitere weiterer where which whose with zu zuletzt zum zur am ende end
bekommt erhält es passed result pytorch keras tensorflow
"""  # words that say nothing about a layer
SILENT = {*SPOKEN.split()}
# fmt: on
TOKEN = re.compile(
    r"(?P<ready>⟦\d+⟧)|(?P<pair>\d+ *(?:->|=>|→) *\d+(?![\dx.]))|(?P<size>\d+(?:x\d+)+)|(?P<share>\d+"
    r"(?:\.\d+)? ?%|\d*\.\d+)"
    r"|(?P<list>\d+(?:&\d+)+)|(?P<number>\d+)|(?P<letter>\b[kspdgl]\d+\b|/\d+)"
    r"|(?P<mark>->|=>|>>|→|⇒|↓|\n|;| - |\.(?=\s|$)|\||\+|>)"
    r"|(?P<comma>,|\(|\))|(?P<word>(?i:relu6)|[^\W\d_]+)|(?P<sign>[=:@#-])|(?P<other>\S)"
)
VALUES = ("number", "size", "share", "same", "valid")
MARKS = {"then", "dann", "danach", "anschließend", "puis", "followed", "gefolgt", "goes", "feeds", "fed", "plus"}
NEEDS_OUT = ("conv", "deconv", "linear", *CELLS)
WORTH = """
conv convolution convolutional convolutions relu gelu silu tanh sigmoid softmax pool pooling maxpool avgpool
maxpooling linear dense flatten dropout batchnorm lstm filter filters kernel kernels stride padding channels
units neurons hidden layer layers embedding global average followed normalization normalisation connected
activation transformer attention output outputs classes
"""  # words that are worth a letter
TYPED = [*WORTH.split()]


class Unreadable(Exception):
    """A word without a role, or an attribute that no layer takes."""


def _split(text: str) -> str:
    """Names apart from the numbers at them: ``conv3x3`` → conv 3x3, ``C64`` stays."""
    text = re.sub(r"\b([123])-?[dD]\b", " ", text)
    text = re.sub(r"(?i)(?<=[a-z])[123]d\b", "", text)
    text = re.sub(r"(?<=[a-zA-Z]{2})[-_]?(?=\d)", lambda found: "" if False else " ", text)
    text = text.replace("relu 6", "relu6").replace("ReLU 6", "relu6")
    return re.sub(r"(?<=\d)-(?=[A-Za-z])|_", " ", text)


def mistyped(word: str) -> str:
    """The word about layers that differs from this one by one letter, or by two that changed places; empty if none."""
    near = get_close_matches(word, TYPED, 3, 0.7) if len(word) > 3 else []
    return next((one for one in near if _one_letter(word, one)), "")


def _one_letter(word: str, other: str) -> bool:
    at = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, ends = word[at:], other[at:]
    turned = len(rest) > 1 and rest[1] + rest[0] + rest[2:] == ends
    return turned or rest[1:] == ends[1:] or rest[1:] == ends or rest == ends[1:]


@dataclass
class Tokens:
    """Goes through the words of a text, and finds what each of them is."""

    seen: list[Token] = field(default_factory=list)

    def sentences(self, text: str) -> list[list[Token]]:
        """Tokens between marks, with what each is; the names of several words as one."""
        found: list[list[Token]] = [[]]
        tokens = [(match.lastgroup or "", match[0]) for match in TOKEN.finditer(_split(text))]
        at = 0
        while at < len(tokens):
            what, word = tokens[at]
            if what == "ready":
                found[-1].append(("kind", f"{word} {word}"))
                self.seen.append(found[-1][-1])
            elif what == "mark" or (
                what == "word" and word.lower() in MARKS and not (found[-1] and found[-1][-1] == ("each", ""))
            ):
                if (
                    word == "+"
                    and at + 1 < len(tokens)
                    and tokens[at + 1][1].lower() in ("x", "input", "identity", "shortcut")
                ):
                    found += [[("sum", "")], []]
                    self.seen.append(("sum", ""))
                    at += 2
                    continue
                found.append([])
            elif what == "word":
                more, token = self.named(tokens, at)
                if found[-1] and self.seen and self.seen[-1][0] == "count" and found[-1][-1][0] == "number":
                    found[-1][-1] = self.seen[-1]
                found[-1].append(token)
                self.seen.append(token)
                at += more
                continue
            else:
                found[-1].append((what, word))
                self.seen.append((what, word))
            at += 1
        if any(what == "residual" for what, _ in self.seen) and not any(what == "sum" for what, _ in self.seen):
            raise Unreadable("residual")
        return [[token for token in sentence if token[0] != "residual"] for sentence in found]

    def named(self, tokens: list[Token], at: int) -> tuple[int, Token]:
        """The token that one or several words make, and how many they are."""
        words = [word.lower() if what == "word" else "-" if word == "-" else "" for what, word in tokens[at : at + 7]]
        word, following = words[0], words[1] if len(words) > 1 else ""
        before = next((token for token in reversed(self.seen) if token[0]), ("", ""))
        if word == "output" and following == "padding":
            return 2, ("option", "extra")
        if word in ("output", "outputs", "hidden") and (following in NOUNS or before[0] in ("number", "list", "count")):
            if following in NOUNS:
                return 1, ("", word)
            if not following.startswith(("layer", "schicht")) and (before[0] != "count" or word != "hidden"):
                return 1, ("noun", "units")
        if word == "hidden" and following in ("sizes", "widths", "dims"):
            return 2, ("kind", "linear hidden")
        if word == "hidden" and following in ("size", "dim", "dimension"):
            return 2, ("option", "kernel")
        if word == "stacked":
            return 1, ("", word)
        if word in OPTIONS and following in ("size", "width", "length", "rate", "factor"):
            return 2, ("option", OPTIONS[word])
        if word == "layers" and before[0] == "number":
            return 1, ("option", "layers")
        if word in ("filter", "pool", "pooling") and following == "size":
            return 2, ("option", "kernel")
        if word in ("dilated", "atrous", "strided") and kind_of(following):
            return 1, ("", word)
        if word in ORDINALS:
            return 1 + (following == "one"), ("ordinal", str(ORDINALS[word]))
        if word in ("residual", "skip", "shortcut", "residualblock"):
            return 1 + (following in ("block", "connection", "unit")), ("residual", word)
        if word in ("input", "identity", "eingabe") and {"added", "addiert"} & set(words[1:4]):
            return 1 + next(i for i, one in enumerate(words[1:4], 1) if one in ("added", "addiert")), ("sum", "")
        if word == "concatenated" and {"input", "eingabe", "x"} & set(words[1:4]):
            return 1 + next(i for i, one in enumerate(words[1:4], 1) if one in ("input", "eingabe", "x")), ("sum", "&")
        if word == "addition" and {"input", "eingabe", "identity"} & set(words[1:4]):
            return 3, ("sum", "")
        if word in ("everywhere", "throughout", "überall", "except"):
            return 1, ("except" if word == "except" else "all", word)
        if word == "all" and is_activation(following):
            return 1, ("all", word)
        counted = [token[0] for token in self.seen[-2:-1]] in (["count"], ["number"])
        if word == "output" and before[0] == "phi" and counted and following not in ("over", "with", "of", "layer"):
            return 1, ("noun", "units")
        if (word == "in" and following == "between") or word == "dazwischen":
            return 1 + (word == "in"), ("between", word)
        told = next((one for one in ("followed", "gefolgt") if one in words[1:4]), "")
        if word == "all" and not following:
            return 1, ("", word)
        if (word, following) in (("each", "with"), ("jeweils", "mit")) and any(map(kind_of, words[2:6])):
            return 2, ("each", "")
        if word in ("each", "both", "jeweils", "all") and told:
            return 1 + words.index(told), ("each", "")
        if word in ("multiply", "multiplied", "scale", "scaled") and {"input", "x", "eingabe"} & set(words[1:4]):
            return 1 + next(i for i, one in enumerate(words[1:4], 1) if one in ("input", "x", "eingabe")), ("sum", "*")
        if word in ("add", "sum") and {"input", "identity", "shortcut", "skip", "x"} & set(words[1:3]):
            return 2 + (words[1] == "the"), ("sum", "")
        if (
            word == "linear"
            and before[0] in ("number", "noun", "pair", "list")
            and not re.match(r"layer|\d", following)
        ):
            return 1, ("", "linear")  # no activation
        for count in range(min(5, len(words)), 0, -1):
            part = [one for one in words[:count] if one != "-"]
            if "" in words[:count] or words[count - 1] == "-" or not part:
                continue
            name = "".join(part)
            name = re.sub(r"(?:layers?|schichte?n?|activations?|operations?)$", "", name) or name
            if (
                (kind := kind_of(name))
                and kind not in ("input", "add", "cat", "op", "own")
                and name not in ("norm", "c", "do", "cnn")
            ):
                if kind == "separable":
                    raise Unreadable(kind)
                if words[count - 1] in ("layers", "convolutions", "convs", "schichten") and before[0] == "number":
                    self.seen[-1] = ("count", before[1])  # 2 hidden layers
                return count, ("phi" if kind in ACTIVATIONS else "kind", f"{kind} {name}")
        if word in ("unpadded", "bidirektionales", "bidirektionale"):
            word = "valid" if word == "unpadded" else "bidirectional"
        if word in ("same", "valid", "no", "without", "ohne", "sans", "bidirectional", "stacked", "bias"):
            return 1, (word, word)
        for roles, what in ((NOUNS, "noun"), (OPTIONS, "option"), (COUNTS, "count")):
            if word in roles:
                return 1, (what, str(roles[word]))
        if word in SILENT or word in ("x", "times"):
            return 1, (
                "and"
                if word in ("and", "with", "und", "mit", "et", "avec")
                else "times"
                if word in ("x", "times")
                else "",
                word,
            )
        if (known := mistyped(word)) and known != word:
            return self.named([(tokens[at][0], known), *tokens[at + 1 : at + 7]], 0)
        raise Unreadable(word)
