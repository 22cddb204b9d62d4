"""Draws the figures: python plot.py SPEED.json PICTURE.svg, in the environment of plot.txt."""

import json
import sys
from statistics import median

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "benchmarks", "font.size": 10, "svg.fonttype": "none"})
from matplotlib import pyplot  # noqa: E402

OURS, OTHERS, UNIT = "#1a7f37", "#8c8c8c", "#1f4e9c"


def bars(axes, names, ratios, colours, what, line=1.0):
    """Horizontal bars from zero, each with its number."""
    axes.barh(names, ratios, color=colours)
    axes.invert_yaxis()
    axes.axvline(line, color=UNIT, linewidth=1)
    for place, ratio in enumerate(ratios):
        axes.annotate(f"{ratio:.2f}", (ratio, place), xytext=(4, 0), textcoords="offset points", va="center")
    axes.set_xlim(right=max(ratios) * 1.15)
    axes.set_title(what, loc="left", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)


def main(source, target):
    document = json.load(open(source, encoding="utf-8"))
    seconds = document["seconds"]

    def ratios(chosen, unit):
        """Medians of the ratios of each round."""
        return [
            median(a / b for a, b in zip(seconds[name], seconds[unit], strict=True))
            for name in chosen.values()
        ]

    trials = document["exercises"]["99.1"]["trials"]
    one = {
        f"checker, warm: {trials} trials": "warm",
        "first check after %load_ext": "first check",
        f"fresh processes: {trials} trials": "fresh",
        f"cold pytest, {trials} times": "cold trials",
    }
    many = {
        f"checker: {trials} trials each": "class: checker",
        "nbgrader: the tests once": "class: nbgrader",
        "otter-grader API: the tests once": "class: otter API",
    }
    figure, (left, middle, right) = pyplot.subplots(1, 3, figsize=(16, 3.2), layout="constrained")
    colours = [OURS, OURS, OTHERS, OTHERS]
    bars(left, list(one), ratios(one, "unit"), colours, "One answer, in cold runs of pytest")
    bars(
        middle,
        list(many),
        ratios(many, "class: checker"),
        [OURS, OTHERS, OTHERS],
        f"A class of {document['class']}, the checker's time as 1",
    )
    counts = [entry["submissions"] for entry in document["scale"]]
    right.loglog(counts, [entry["seconds"] for entry in document["scale"]], "o-", color=OURS)
    right.set_title("Seconds for so many submissions (98.1)", loc="left", fontsize=11)
    right.spines[["top", "right"]].set_visible(False)
    figure.savefig(target, metadata={"Date": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
