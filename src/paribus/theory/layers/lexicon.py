"""What words about nets stand for: one table, in English and German, some in French.

A word is looked up as it stands, then without its ending, then as a compound: ``Faltungsschichten``, ``Kernelgröße``.
Names of layers are in :mod:`paribus.theory.layers.spellings`; here is all that stands around them.
"""

from __future__ import annotations

from functools import cache

from paribus.theory.layers.kinds import ACTIVATIONS
from paribus.theory.layers.spellings import kind_of

Concept = tuple[str, str]  # what a word is for, and which of these

# fmt: off
TABLE = {
    "unit filters": "filter channel ch map featuremap kanal kanäle filtre canal canaux planes",
    "unit units": "unit neuron node cell outputunit outputneuron neurone einheit ausgang ausgänge unité",
    "unit classes": "class classe classes klasse logit way label category categories tag action aktion",
    "unit heads": "head kopf köpfe",
    "unit groups": "group gruppe",
    "unit words": "word token vocab vocabulary wort wörter vokabular wortschatz",
    "unit features": "feature d value wert merkmal dimensional",
    "option kernel": "kernel window poolsize filtersize windowsize kernelsize poolingsize size width fenster "
                     "größe length kern noyau taille breite ksize weite",
    "option stride": "stride schrittweite pas",
    "option padding": "padding pad padded zeropadding auffüllung gepolstert",
    "option dilation": "dilation dilated atrous dilatation dilationsrate",
    "option rate": "rate p probability prob wahrscheinlichkeit",
    "option width": "dims dim dimension dmodel modeldim modelsize modelwidth modeldimension",
    "option factor": "factor faktor",
    "option inner": "dff ff ffn feedforward feedforwardsize dimfeedforward feedforwarddim feedforwardwidth "
                    "mlpdim mlpsize feedforwarddimension",
    "transformer": "transformer",
    "option extra": "outputpadding",
    "option slope": "slope alpha steigung",
    "same": "same causal",
    "valid": "valid unpadded",
    "no": "no without ohne sans kein keine unbiased nobias",
    "bias": "bias biase",
    "steps": "returnsequences returnssequences returningsequences returnsequencestrue returnsallsteps",
    "bi": "bi bidirectional bidirektional bidirektionale bidirektionales",
    "layer": "layer schicht couche convolve",
    "hidden": "hidden verdeckt versteckt inner cachée",
    "output": "output ausgabe ausgang out target sortie",
    "input": "z obs observation noise rauschen rauschvektor zufallsvektor input eingang eingänge eingabe inputunit "
             "eingabemerkmal entrée",
    "image": "image picture bild bilder pixel pic",
    "colour 3": "rgb color colour coloured colored farb farbe",
    "colour 1": "gray grey grayscale greyscale grau graustufen",
    "block": "block stage stufe bloc blöcke blöcken module unitblock",
    "each": "everyone eachone each every all both jede alle jeweils je beide chaque apiece everywhere throughout "
            "überall",
    "act": "activation aktivierung nonlinearity nonlinearities aktivierungsfunktion",
    "after": "after behind following nach hinter",
    "between": "between dazwischen zwischen",
    "except": "except but außer",
    "first": "first erste zuerst",
    "last": "last letzte letzt final end ende schluss",
    "second": "second zweite",
    "third": "third dritte",
    "then": "then followed dann danach anschließend puis gefolgt folgt next plus feeds followedby finally "
            "schließlich suivi",
    "net": "net network model cnn convnet dnn ann nn architecture classifier regressor autoencoder generator "
           "discriminator klassifikator mlp netz netzwerk modell réseau perceptron",
    "and": "and und et sowie bzw",
    "of": "of zu von aus à per topofeachother",
    "times": "times mal x",
    "again": "again another repeat repeated nochmal more weitere weiterer",
    "branch": "expand branch branche path tower zweig pfad stream branches",
    "around": "around um",
    "parallel": "parallel nebeneinander",
    "join": "concat concatenate concatenated concatenation konkateniert verkettet joined concatenating",
    "sum": "add added sum summed addition addiert addieren summe plusinput adding",
    "skip": "skip shortcut residual identity resblock inverted residualblock identität shortcutconnection "
            "bottleneckresidual residualbottleneck bottleneckresidualblock residualbottleneckblock",
    "refused": "tied shared weight some separable unet excitation if or densely scale scaled multiply "
               "multiplied projection crop cropped",
}
FILLERS = """
additional afterwards aktiviert alexnet along als also am anzahl applied applies apply are as at au auch audio auf aux
avec axis back backbone basic be becomes begin begins bekommt bestehen bestehend besteht big bildet binary body by cifar
classic classified classify code come comes comprise comprises connected connection consist consists contain contains
convert converted count dahinter das dataset davon davor dazu dcgan de decoder deep default dem den densenet der deren
des die diese dieser dieses digit direction directly down downsample downsampling du einfach encoder enthält erhält es
est extractor fed feed folgen follow follows for forward from front function funktion further für gan get gets gibt give
gives gleich go goes haben hand has hat have having here i im imagenet in inside into is ist it its jeder just keras
kind klein kommen kommt la large latent lautet le lenet les like little made main make man mapping mit mnist mobilenet
mobilenetv multi multilayer my n nearest neighbour neural neuronal noch noise num number nur obtain obtained on one ones
only operation our over overall own part passed passes pixels plain policy pro produce produces project put pytorch
reads reduce reduced reducing regression resnet respectively rest result resulting return returns run score section
sequence set shallow shape simple simply sind small so sont sowohl spatial spatially squeeze squeezenet squeezing stack
stacked standard start starting starts state stem step strided style such tail take takes tensorflow that the them
themselves there these they this those through tief time timestep tiny to together too total trunk type use used uses
using vector vgg via volume vom we well werden where which who whole whose wide wir wird wise with wobei works yields
you zeitschritt zero zuletzt zum zur über
"""
# fmt: on
WORDS: dict[str, Concept] = {}
for _heading, _words in TABLE.items():
    _role, _, _which = _heading.partition(" ")
    WORDS |= dict.fromkeys(_words.split(), (_role, _which or _role))
WORDS = {**dict.fromkeys(FILLERS.split(), ("", "")), **WORDS}
ARTICLES = {"a", "an", "ein", "eine", "einem", "einen", "einer", "eines", "un", "une"}
COUNTS = {
    word: n
    for n, words in enumerate(
        [
            "one scalar single einzelne einzelnes",
            "two zwei deux zweischichtige",
            "three drei trois dreischichtige",
            "four vier",
            "five fünf",
            "six sechs",
            "seven sieben",
            "eight acht",
            "nine neun",
            "ten zehn",
        ],
        1,
    )
    for word in words.split()
}
REPEATS = {"twice": 2, "zweimal": 2, "thrice": 3, "dreimal": 3, "viermal": 4, "fünfmal": 5}
WORTH = """
conv convolution convolutional convolutions relu gelu silu tanh sigmoid softmax pool pooling maxpool avgpool
maxpooling linear dense flatten dropout batchnorm lstm filter filters kernel kernels stride padding channels
units neurons hidden layer layers embedding global average followed normalization normalisation connected
activation transformer attention output outputs classes
"""  # words that are worth a letter
TYPED = [*WORTH.split()]
ENDINGS = ("n", "s", "e", "en", "es", "er", "em", "ern", "ed", "ing")


@cache
def concept(word: str) -> Concept | None:
    """What a word in lower case is for; None if it is unknown, ("", "") if it says nothing."""
    if word in WORDS:
        return WORDS[word]
    stems = [word[: -len(end)] for end in ENDINGS if word.endswith(end) and len(word) - len(end) > 2]
    if stem := next((one for one in stems if one in WORDS), ""):
        return WORDS[stem]
    kind = next(filter(None, map(kind_of, (word, *stems))), "")
    return _kind(kind) if kind and kind not in ("separable", "add", "cat", "input") else None


def compound(word: str) -> list[str]:
    """The known words that a word is put together from, itself if it is one; empty if there are none."""
    if concept(word) is not None:
        return [word]
    for at in range(len(word) - 3, 2, -1):
        head, rest = word[:at], word[at:]
        if concept(head) is None and concept(head := head.removesuffix("s")) is None:
            continue
        if len(head) > 2 and (parts := compound(rest)):
            return [head, *parts]
    return []


def plural(word: str) -> bool:
    """Whether a word seems to stand for several."""
    return word.endswith(("s", "en")) and not word.endswith("ss")


def _kind(kind: str) -> Concept:
    return ("phi" if kind in ACTIVATIONS else "head", kind)


def mistyped(word: str) -> str:
    """The word about layers that differs from this one by one letter, or by two that changed places; empty if none."""
    from difflib import get_close_matches

    near = get_close_matches(word, TYPED, 3, 0.7) if len(word) > 3 else []
    return next((one for one in near if _one_letter(word, one)), "")


def _one_letter(word: str, other: str) -> bool:
    at = next((i for i, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    rest, ends = word[at:], other[at:]
    turned = len(rest) > 1 and rest[1] + rest[0] + rest[2:] == ends
    return turned or rest[1:] == ends[1:] or rest[1:] == ends or rest == ends[1:]
