"""The same figures as text for Prometheus: https://prometheus.io/docs/instrumenting/exposition_formats/

A figure's place in the JSON is its name: `{"sms": {"delivery_rate": 0.97}}` is `nevermisscall_sms_delivery_rate 0.97`.
Where the keys are values, of a queue or an outcome, they become a label. All are gauges: they look at the last hour or
day and go down again.
"""

import re
from collections.abc import Iterator
from typing import Any

PREFIX = "nevermisscall"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

# Where keys are a label's values: the path to them → the label.
LABELS = {
    ("queues",): "queue",
    ("calls", "by_outcome"): "outcome",
    ("sms", "errors"): "code",
    ("disposition", "calls"): "outcome",
}


def lines(figures: dict[str, Any], *, open_metrics: bool = False) -> str:
    """Return every figure as a gauge; one that is null is left out."""
    families: dict[str, list[str]] = {}
    for name, labels, value in _gauges(figures):
        families.setdefault(name, []).append(f"{name}{labels} {value}\n")
    text = "".join(f"# TYPE {name} gauge\n{''.join(samples)}" for name, samples in families.items())
    return f"{text}# EOF\n" if open_metrics else text


def _gauges(node: dict[str, Any], path: tuple[str, ...] = (), labels: str = "") -> Iterator[tuple[str, str, float]]:
    label = "" if labels else LABELS.get(path, "")
    for key, value in node.items():
        inner = path if label else (*path, key)
        inner_labels = f'{{{label}="{_escaped(key)}"}}' if label else labels
        if isinstance(value, dict):
            yield from _gauges(value, inner, inner_labels)
        elif value is not None:
            yield re.sub("[^a-zA-Z0-9_]", "_", "_".join((PREFIX, *inner))), inner_labels, value


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
