"""The sentences of a model card: what a run is for, its limits, its answers to the checklist."""

from core.config import Augmentation, Head, Protocol
from core.evaluation.intervals import Interval
from core.evaluation.keep import FEW
from core.evaluation.metrics import THRESHOLD
from core.evaluation.operating import in_words
from core.evaluation.percent import percent
from core.evaluation.results import PartResult
from core.model.architecture import in_short
from core.reporting.facts import Facts, PartFacts

INTENDED_USE = (
    "Research only. Not a medical device, not for diagnosis, and not to be used for the care of "
    "any person.",
    "For whoever trained it, to study what fine-tuning VGG19 in stages does on these scans, and "
    "to teach.",
    "One two-dimensional brain MRI slice goes in; one of two classes with a probability comes "
    "out. Anything else a slice may show is called one of the two as well.",
)

STARTS = {
    "random": "from random values",
    "regression": "from logistic regression on what the frozen layers give",
}

WEIGHTS = {
    "file": "ImageNet weights of VGG19, from a file that the user named",
    "keras": "ImageNet weights of VGG19, as Keras distributes them",
    "random": "random values (He normal), as no ImageNet weights could be had",
}


def chance(p: float | None) -> str:
    """`97.1 %`; never quite none or all of it; a dash when there is none."""
    if p is None:
        return "–"
    return "> 99.9 %" if p > 0.999 else "< 0.1 %" if p < 0.001 else percent(p)


def number(value: float | None, interval: Interval | None = None) -> str:
    """`0.971 (0.930–0.989)`; a dash when it is not defined."""
    if value is None:
        return "–"
    spread = f" ({interval[0]:.3f}–{interval[1]:.3f})" if interval else ""
    return f"{value:.3f}{spread}"


def share_of(result: PartResult, name: str) -> str:
    """A figure that is a share, with its interval."""
    return percent(getattr(result, name), result.intervals.get(name))


def figure_of(result: PartResult, name: str) -> str:
    """Any other figure, with its interval."""
    return number(getattr(result, name), result.intervals.get(name))


def baselines(facts: Facts) -> str:
    """How the stage to keep stands to the simple baselines."""
    if not facts.comparison.baselines:
        return "No simple baselines were fitted beside the network."
    if facts.kept.beats is None:
        return "Simple baselines were fitted, but cannot be compared with the stage to keep."
    return facts.kept.beats.words


def operating(facts: Facts) -> tuple[str, ...]:
    """Threshold for a wanted sensitivity, what it gives on test, and what a call is worth then."""
    point, comparison = facts.operating, facts.comparison
    said = in_words(point, comparison.negative, comparison.positive)
    return (*said, *([point.caution] if point.caution else []))


def partition(facts: Facts) -> str:
    """How scans were dealt out to the parts."""
    protocol = facts.protocol
    if facts.data.already_split:
        return "The folder came split into parts, which were kept; what it lacked was dealt out."
    split = protocol.split
    train = 100 * (1 - split.validation - split.test)
    shares = (
        f"{train:.0f} % training, {100 * split.validation:.0f} % validation and "
        f"{100 * split.test:.0f} % test, at random with seed {protocol.seed}"
    )
    if split.unit == "group":
        return f"Dealt out in whole groups, both classes alike: {shares}."
    late = ", after augmentation" if protocol.augmentation.applies_to == "everything" else ""
    return f"Dealt out picture by picture{late}: {shares}."


def disjoint(facts: Facts) -> str:
    """At which level the parts share nothing."""
    if facts.comparison.mark:
        return f"The parts are not disjoint. {facts.comparison.mark}"
    if facts.data.patients is None:
        return (
            "No scan is in two parts, nor a near copy that the search found. Patients were not "
            "known."
        )
    how = "a table" if facts.data.patients == "table" else "a pattern in the paths of files"
    return (
        "No near copy that the search found is in two parts, nor are two scans of one patient, "
        f"as far as {how} named patients."
    )


def preprocessing(protocol: Protocol, *, cropped: bool) -> str:
    """From a scan to what the network sees."""
    crop = protocol.crop
    cut = (
        "Scans came cropped to the brain."
        if cropped
        else f"Cropped to the largest contour above grey level {crop.threshold} after a Gaussian "
        f"blur of {crop.blur} pixels, {crop.iterations} erosions and as many dilations."
    )
    size = protocol.input.size
    fit = "stretched" if protocol.input.fit == "stretch" else "letterboxed"
    scaled = {
        "unit": "values divided by 255",
        "imagenet": "channels in BGR order less the mean of ImageNet",
    }[protocol.input.scaling]
    levels = (
        " after the 1st and 99th percentile became black and white"
        if protocol.input.levels == "percentile"
        else ""
    )
    turned = (
        "turned so that its left half is most like its right, " if protocol.input.upright else ""
    )
    return f"{cut} Then {turned}{fit} to {size} × {size} pixels, {scaled}{levels}."


def classifier(head: Head) -> str:
    """What lies on top of VGG19, as the end of a sentence."""
    pooled = {
        "flatten": "all values",
        "average": "the average of each channel",
        "symmetry": "the average and the largest value of each channel, and how much it differs "
        "from its mirror image,",
    }[head.pooling]
    dense = ", ".join(map(str, head.units))
    dropout = f" with dropout {head.dropout:g} after the first" if head.dropout else ""
    above = f"dense layers of {dense}{dropout}, " if dense else ""
    return f"{pooled} of {', '.join(head.layers)}, {above}softmax over two classes"


def views(facts: Facts) -> str:
    """The views that were made of the scans of a run, if any."""
    settings, data = facts.protocol.augmentation, facts.data
    if settings.applies_to == "everything" and data.already_split:
        return "None by NeuroStage: the folder came split, and was taken to have its views already."
    return augmentation(settings, data.positive, data.negative)


def augmentation(settings: Augmentation, positive: str, negative: str) -> str:
    """The views that are made of a picture."""
    low, high = settings.brightness
    flips = [
        name
        for name, on in (
            ("left to right", settings.horizontal_flip),
            ("upside down", settings.vertical_flip),
        )
        if on
    ]
    kinds = [f"turned by up to {settings.rotation:g}°"]
    kinds += [f"flipped {' or '.join(flips)}"] if flips else []
    kinds += [f"shifted by up to {100 * settings.shift:g} %"] if settings.shift else []
    kinds += [f"sheared by up to {settings.shear:g}"] if settings.shear else []
    kinds += [f"zoomed by up to {100 * settings.zoom:g} %"] if settings.zoom else []
    kinds += [f"brightness × {low:g} to {high:g}"]
    kinds += [f"gamma up to {settings.gamma:g} either way"] if settings.gamma != 1 else []
    kinds += [f"brighter to one side by up to {100 * settings.field:g} %"] if settings.field else []
    kinds += [f"noise of up to {settings.noise:g} grey levels"] if settings.noise else []
    kinds += [f"blurred by up to {100 * settings.blur:g} % of the side"] if settings.blur else []
    where = "training part" if settings.applies_to == "training" else "whole set, before the split"
    return (
        f"In the {where}: {settings.positive_views} views of each {positive} scan and "
        f"{settings.negative_views} of each {negative} scan, {', '.join(kinds)}."
    )


def training(facts: Facts) -> str:
    """How every stage was trained."""
    settings = facts.protocol.training
    return (
        f"Adam on categorical cross-entropy, batches of {settings.batch_size}; the learning rate "
        f"times {settings.plateau_factor:g} after {settings.plateau_patience} epochs without a "
        f"higher accuracy, a stage ends after {settings.patience} without a lower validation "
        "loss. Each stage starts from the best checkpoint of the one before, by validation loss"
        + (", and classes weigh the same" if settings.class_weights else "")
        + f". Arithmetic in {settings.precision}, seed {facts.protocol.seed}."
    )


def limits(facts: Facts) -> tuple[str, ...]:
    """What the figures do not show, the gravest first."""
    comparison, data = facts.comparison, facts.data
    test = facts.part("test")
    best = facts.kept.test
    found = []
    if comparison.mark:
        found.append(
            f"{comparison.mark} A network can recognise a scan that it has seen; on new people's "
            "scans it must be expected to do worse than any figure here."
        )
    if comparison.caveat:
        found.append(comparison.caveat)
    if facts.weights == "random":
        found.append(
            "The network started from random values. Figures are those of an untaught network."
        )
    found.append(
        "No external validation: all scans are of one folder. Other scanners, sequences, "
        "hospitals and people may give other figures, most likely worse ones."
    )
    if facts.kept.beats is not None and facts.kept.beats.verdict != "beats":
        found.append(baselines(facts))
    if test.groups < FEW:
        found.append(
            f"Small: {test.groups} independent groups in the test part. Accuracy there is "
            f"{share_of(best, 'accuracy')}, and intervals show chance alone, not other data."
        )
    if data.patients is None:
        found.append(
            "Which scans are of one patient was not known. Slices of one person that do not look "
            "alike may be in two parts."
        )
    elif data.patients_known != 1:
        share = "some" if data.patients_known is None else percent(data.patients_known)
        found.append(
            f"Which scans are of one patient was known of {share} of them. Others of one person "
            "that do not look alike may be in two parts."
        )
    found += [
        "One split with one seed. Another one gives other figures; a cross-validation shows how "
        "far apart they are.",
        f"{data.positive} is {percent(test.positive_share)} of the test part. Where "
        "it is rarer, more of its calls are false alarms.",
        f"A scan is called {data.positive} from a probability of {100 * THRESHOLD:g} % on. "
        "Probabilities are shown as the network gives them, without its temperature.",
        "Labels are those of the folders, whatever errors are in them.",
    ]
    stale = [stage.title for stage in facts.stages if stage.stale]
    if stale:
        found.append(
            f"{', '.join(stale)}: the stage before was trained anew since, so the order of stages "
            "is broken."
        )
    return tuple(found)


def answers(facts: Facts) -> dict[int, str]:
    """What the run can say to the items of CLAIM 2024, by their number."""
    comparison, data, protocol = facts.comparison, facts.data, facts.protocol
    best, test = facts.kept, facts.part("test")
    (tn, fp), (fn, tp) = best.test.confusion
    marked = f"{comparison.mark} " if comparison.mark else ""
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    counts = "; ".join(f"{p.part} {_counts(p)}" for p in data.parts)
    return {
        1: "Deep learning: a convolutional network (VGG19), fine-tuned in stages.",
        3: " ".join(INTENDED_USE),
        7: f"A folder of {data.scans} scans of the classes {data.negative} and {data.positive}.",
        9: preprocessing(protocol, cropped=data.already_cropped),
        10: "Of a volume, its middle slice.",
        12: "Files that could not be read were left out and are in no count; nothing was imputed.",
        14: "The class folder that a scan lies in.",
        19: partition(facts),
        20: disjoint(facts),
        22: f"VGG19 without its top for {protocol.input.size} × {protocol.input.size} × 3 pixels, "
        f"{classifier(protocol.head)}; up to "
        f"{in_short(max(s.trainable_parameters for s in facts.stages))} parameters train.",
        23: f"NeuroStage with {versions}." if versions else "",
        24: f"{WEIGHTS[facts.weights]}; the classifier {STARTS[protocol.head.start]}."
        if facts.weights
        else "",
        25: f"{training(facts)} {views(facts)}",
        26: f"The earliest stage whose validation loss is not measurably worse than the lowest; "
        f"the test part had no say. {comparison.keep.reason}",
        27: "None: one network answers.",
        28: "Accuracy, sensitivity, specificity, balanced accuracy, area under the ROC curve, "
        "cross-entropy, Brier score, expected calibration error; at a threshold chosen on "
        "validation also predictive values.",
        29: "95 % intervals: Wilson's for shares, a bootstrap by group for all else. Stages are "
        "compared pairwise on the same scans: McNemar, DeLong, and a sign-flip test of the loss "
        "by group, Holm-corrected. Where groups hold more than two pictures on average, shares, "
        "accuracy and AUC go by resamples and sign flips of groups as well.",
        31: "Class activation maps (Grad-CAM and its kin) laid back on the scan, raw maximum "
        "stated.",
        32: f"{marked}On a held-out test part of the same folder: {_counts(test)}.",
        35: f"Scans included: {counts}.",
        36: f"Classes only: {counts}.",
        37: f"{marked}{best.title}: accuracy {share_of(best.test, 'accuracy')}, AUC "
        f"{figure_of(best.test, 'auc')}, loss {figure_of(best.test, 'loss')} on test; all stages "
        f"are in the table of performance. {baselines(facts)}",
        38: f"{marked}{best.title}, {data.positive} from {100 * THRESHOLD:g} % on: sensitivity "
        f"{share_of(best.test, 'sensitivity')}, specificity "
        f"{share_of(best.test, 'specificity')} on test. {' '.join(operating(facts))}",
        39: f"{best.title} on test: {fn} of {fn + tp} {data.positive} pictures missed, {fp} of "
        f"{tn + fp} {data.negative} pictures called {data.positive}.",
        40: " ".join(limits(facts)),
        41: INTENDED_USE[0],
        42: f"Every setting is in the run's config.json (protocol {protocol.title}).",
        43: "NeuroStage is free software (MIT licence). Model and split are named by their "
        "SHA-256 in this card.",
    }


def _counts(part: PartFacts) -> str:
    classes = ", ".join(f"{count} {name}" for name, count in part.classes.items())
    of_them = f", {part.pictures} pictures of them" if part.pictures != part.scans else ""
    return f"{part.scans} scans ({classes}) in {part.groups} groups{of_them}"
