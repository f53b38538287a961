"""Texts about single digits."""

from __future__ import annotations

from gmmseg.digits.experiment import ExperimentOutcome


def facts(outcome: ExperimentOutcome, index: int, cluster_name: str) -> list[str]:
    """Return what is known of one image of an outcome, in words."""
    facts = [f"No. {_number(outcome, index)}"]
    if outcome.digits.labels is not None:
        facts.append(f"label {outcome.digits.labels[index]}")
    facts.append(cluster_name[:1].lower() + cluster_name[1:])
    facts.append(f"confidence {outcome.confidence[index]:.3f}")
    facts.append("fitted" if outcome.fitted[index] else "held out")
    return facts


def _number(outcome: ExperimentOutcome, row: int) -> int:
    """Return the image's number: of a selection in its part of the set, else in the whole set."""
    digits = outcome.digits
    return row if digits.part_index is None else digits.index_in_part(row)


def caption(outcome: ExperimentOutcome, row: int) -> str:
    """Return what is below a digit of a list: label, matched label, confidence; its number in the set."""
    cluster = int(outcome.clusters[row])
    sure = f"{outcome.confidence[row]:.2f}"
    where = f"#{cluster + 1}"
    if outcome.digits.labels is not None and outcome.scores_all is not None:
        matched = outcome.scores_all.label_of(cluster)
        where = f"{outcome.digits.labels[row]} → {'–' if matched is None else matched}"
    return f"{where}  {sure.removeprefix('0')}\nno. {_number(outcome, row)}"
