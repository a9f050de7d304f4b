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
    "unit classes": "class classe classes klasse logit way label category categories tag",
    "unit heads": "head kopf köpfe",
    "unit groups": "group gruppe",
    "unit words": "word token vocab vocabulary wort wörter vokabular wortschatz",
    "unit features": "feature d value wert merkmal dimensional",
    "option kernel": "kernel window poolsize filtersize windowsize kernelsize poolingsize size width fenster größe length kern noyau taille breite ksize weite",
    "option stride": "stride schrittweite pas",
    "option padding": "padding pad padded zeropadding auffüllung gepolstert",
    "option dilation": "dilation dilated atrous dilatation dilationsrate",
    "option rate": "rate p probability prob wahrscheinlichkeit",
    "option width": "dim dimension dmodel modeldim breite-",
    "option factor": "factor faktor",
    "option inner": "dff ff ffn feedforward feedforwardsize dimfeedforward feedforwarddim feedforwardsize feedforwardwidth mlpdim mlpsize feedforwarddimension", "transformer": "transformer",
    "option extra": "outputpadding",
    "option slope": "slope alpha steigung",
    "same": "same", "valid": "valid unpadded", "no": "no without ohne sans kein keine unbiased nobias",
    "bias": "bias biase", "bi": "bi bidirectional bidirektional bidirektionale bidirektionales",
    "layer": "layer schicht couche stage convolve",
    "hidden": "hidden verdeckt versteckt inner cachée",
    "output": "output ausgabe ausgang out target sortie",
    "input": "z input eingang eingänge eingabe inputunit eingabemerkmal entrée",
    "image": "image picture bild bilder pixel pic",
    "colour 3": "rgb color colour coloured colored farb farbe", "colour 1": "gray grey grayscale greyscale grau graustufen",
    "block": "block bloc blöcke blöcken module unitblock cell-block",
    "each": "each every all both jede alle jeweils je beide chaque apiece everywhere throughout überall",
    "act": "activation aktivierung nonlinearity nonlinearities aktivierungsfunktion",
    "after": "after behind following nach hinter", "between": "between dazwischen zwischen",
    "except": "except but außer", "first": "first erste zuerst", "last": "last letzte letzt final end ende schluss",
    "second": "second zweite", "third": "third dritte",
    "then": "then followed dann danach anschließend puis gefolgt folgt next plus feeds followedby finally schließlich suivi",
    "net": "net network model cnn convnet dnn ann nn architecture classifier regressor autoencoder generator discriminator "
           "mlp netz netzwerk modell réseau perceptron",
    "and": "and und et sowie bzw", "of": "of zu von aus à per", "times": "times mal x",
    "again": "again another same-again repeat repeated nochmal more weitere weiterer",
    "branch": "branch branche path tower zweig pfad stream branches", "around": "around um", "parallel": "parallel nebeneinander",
    "join": "concat concatenate concatenated concatenation konkateniert verkettet joined concatenating",
    "sum": "add added sum summed addition addiert summe plusinput adding",
    "skip": "skip shortcut residual identity resblock inverted residualblock identität shortcutconnection",
    "refused": "tied shared weight some separable unet squeeze excitation if or "
               "dense-block densely scale scaled multiply multiplied projection crop cropped",
}
FILLERS = """
with mit avec num n the it its is are be as by at in on to into for from that this there here we i my you then-on which whose who where
has have having use uses using used apply applies applied take takes give gives get gets go goes put come comes follow
follows begin begins start starts starting contain contains consist consists comprise comprises feed fed produce
produces mapping convert converted make made becomes yields passes passed reduce reduced reducing classify
classified reads works return returns obtain obtained
encoder decoder lenet vgg alexnet resnet simple small tiny basic plain deep shallow neural
multilayer multi  dataset downsample downsampling resnet standard classic little big large wide stacked stack one-hidden binary regression style like type
function operation project connection connected directly only just down spatial volume
result dataset mnist cifar imagenet digit sequence time timestep state shape resulting feature-extractor extractor
number count default overall total main own shallow further additional single-channel scalar vector latent noise code
using via per-layer nearest neighbour spatially after-that afterwards well too also
der die das den dem des im am zum zur auf in ist sind wird werden hat haben besteht
bestehend bestehen neuronal gibt run through inside bildet lautet einfach klein tief folgen kommt kommen bekommt erhält enthält für als
davon dahinter davor dazu danach-auch auch nur dieser diese dieses jeder wobei sowohl noch es man wir zuletzt über pro
deren anzahl gleich linear-e funktion aktiviert
le la les du des de au aux est sont
them these those they themselves one ones such kind them- each-of time-step over along axis channel-axis together
forward strided our set respectively like pytorch keras tensorflow audio forward-net step inner-size width-wise zero rest whole part section tail stem body backbone trunk front simply again- pixels wise hand so
"""
# fmt: on
WORDS: dict[str, Concept] = {}
for _heading, _words in TABLE.items():
    _role, _, _which = _heading.partition(" ")
    WORDS |= dict.fromkeys(_words.split(), (_role, _which or _role))
WORDS = {**dict.fromkeys(FILLERS.split(), ("", "")), **WORDS}
ARTICLES = {*"a an ein eine einem einen einer eines un une".split()}
COUNTS = {
    word: n
    for n, words in enumerate(
        "one single einzelne einzelnes|two zwei deux twice zweimal zweischichtige|"
        "three drei trois dreimal dreischichtige|four vier|five fünf|six sechs|seven sieben|eight acht".split("|"),
        1,
    )
    for word in words.split()
}
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
