"""Learn the weights of `conversations/ai/emergency/hunch.py` from the labelled texts: logistic regression.

    python -m nevermisscall.dev.weigh_emergencies

Reads the half `seen` of `tests/conversations/ai/emergency_texts.tsv`, prints how well texts are told that were left out
of learning, and writes `data/weights.tsv`. The same texts give the same file.
"""

import csv
import math
import random
import sys
from collections import Counter
from collections.abc import Sequence

from conversations.ai.emergency import hunch
from conversations.ai.emergency.reading import read
from nevermisscall.lib.env import BASE_DIR

TEXTS = BASE_DIR / "tests" / "conversations" / "ai" / "emergency_texts.tsv"
PARTS = 5  # each is left out of learning once
ROUNDS = 25
LEAST_OFTEN = 2  # texts that a word is in, to have a weight
LEAST_WEIGHT = 0.1
PACE, SLOWING, FORGETTING = 0.075, 0.15, 0.004

Example = tuple[list[str], bool]
Weights = dict[str, float]


def main() -> int:
    """Learn, report, write."""
    given = examples()
    report(given)
    bias, weights = learn(given)
    lines = [f"\t{bias:.2f}", *(f"{name}\t{weight:.2f}" for name, weight in sorted(weights.items()))]
    hunch.FILE.write_text("\n".join(lines) + "\n", "utf-8")
    _say(f"{len(weights)} weights of {len(given)} texts are in {hunch.FILE.name}")
    return 0


def examples() -> list[Example]:
    """Return what is weighed of each text that may be learnt from, and whether it is an emergency; well mixed."""
    with TEXTS.open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if row["half"] == "seen"]
    random.Random(1).shuffle(rows)  # noqa: S311 - an order that is always the same
    return [(hunch.features(read(row["text"])), row["label"] == "emergency") for row in rows]


def learn(given: Sequence[Example]) -> tuple[float, Weights]:
    """Return the bias and the weights, found by stochastic gradient descent with weights that shrink."""
    often = Counter(name for names, _ in given for name in names)
    known = [([name for name in names if often[name] >= LEAST_OFTEN], label) for names, label in given]
    weights: Weights = dict.fromkeys((name for names, _ in known for name in names), 0.0)
    bias = 0.0
    order, chance = list(range(len(known))), random.Random(1)  # noqa: S311 - as above
    for round_ in range(ROUNDS):
        chance.shuffle(order)
        step = PACE / (1 + SLOWING * round_)
        for number in order:
            names, label = known[number]
            error = label - _probability(bias + sum(weights[name] for name in names))
            bias += step * error / 5
            for name in names:
                weights[name] += step * (error - FORGETTING * weights[name])
    return bias, {name: weight for name, weight in weights.items() if abs(weight) >= LEAST_WEIGHT}


def report(given: Sequence[Example]) -> None:
    """Print recall and precision by threshold, each text judged by weights that were learnt without it."""
    judged: list[tuple[float, bool]] = []
    for part in range(PARTS):
        bias, weights = learn([each for number, each in enumerate(given) if number % PARTS != part])
        judged += [(bias + sum(weights.get(name, 0) for name in names), label) for names, label in given[part::PARTS]]
    for threshold in (1.0, 1.5, 2.0, 2.5, 3.0):
        found = Counter((score >= threshold, label) for score, label in judged)
        recall = found[True, True] / (found[True, True] + found[False, True])
        precision = found[True, True] / (found[True, True] + found[True, False])
        _say(f"threshold {threshold}: recall {recall:.3f}, precision {precision:.3f}")


def _probability(score: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
