"""Which options of ``segment`` and ``apply`` contradict each other, and what is said of it."""

from __future__ import annotations

import argparse

from gmmseg.commands.usage import Parser

_REGION_OPTIONS = ("detail", "regions")
_MIXTURE_OPTIONS = (
    "components", "criterion", "features", "position_weight", "texture_scale", "texture_octaves",
    "standardise", "covariance", "hard", "smooth", "init", "n_init", "max_iter", "tol", "parameter_tol",
    "q_tol", "accelerate", "reg_covar",
)  # fmt: skip
_MIXTURE_OUTPUTS = ("probabilities", "model")
"""Options of ``segment`` that only one method has; none of them has a default here."""
_FEATURE_OF = {"position_weight": "position", "texture_scale": "texture", "texture_octaves": "texture"}
"""Options that change a feature, and which."""


def check_overlay(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where an opacity is none, or is given and there is no overlay."""
    if getattr(options, "opacity", None) is None:
        return
    if options.overlay is None:
        parser.error("--opacity is that of the overlay: add --overlay FILE, or leave it out")
    if not 0 <= options.opacity <= 1:
        parser.error(f"--opacity cannot be {options.opacity:g}: choose 0 to 1")


def check_mask(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where options of masks are given and no such mask is written."""
    out = options.output
    if options.zero_based and options.format not in (None, "ome-tiff"):
        parser.error(f"--format {options.format} holds class ids: leave out --zero-based, or write a mask")
    if options.palette is not None and options.format is not None:
        parser.error(f"--format {options.format} has no palette: leave out --palette, or write a PNG mask")
    is_png = out.is_folder or out.path.suffix.lower() not in (".tif", ".tiff", ".npy", ".npz")
    if options.palette in ("class", "voc") and not is_png:
        parser.error(f"{out.path.suffix} holds values without colours: leave out --palette, or write a .png")


def check_segment(parser: Parser, options: argparse.Namespace) -> None:
    """End the program with code 2 where options of ``segment`` contradict each other."""
    if options.method == "mixture":
        strangers = _given(options, _REGION_OPTIONS)
        if strangers:
            parser.error(f"{strangers[0]} is for regions: add --method regions, or leave {strangers[0]} out")
    else:
        outputs = _given(options, _MIXTURE_OUTPUTS)
        if outputs:
            parser.error(f"regions have no {outputs[0].lstrip('-')}: leave out {outputs[0]}")
        # The table of the regions tells the posteriors of a mixture.
        strangers = [] if options.table is not None else _given(options, _MIXTURE_OPTIONS)
        if strangers:
            parser.error(
                f"{strangers[0]} is for the mixture: leave out --method regions, or {strangers[0]}; "
                "to choose the number of regions, write --regions N"
            )
    features = options.features or "rgb"
    for name, part in _FEATURE_OF.items():
        if getattr(options, name) is not None and part not in features.split("+"):
            parser.error(f"--{name.replace('_', '-')} needs that feature: write --features {features}+{part}")
    if options.criterion is not None and options.components != "auto":
        parser.error("--criterion is what the number of components is chosen by: add -k auto")
    if options.detail is not None and options.regions is not None:
        parser.error("--detail and --regions both choose the cut: give one of them")


def _given(options: argparse.Namespace, names: tuple[str, ...]) -> list[str]:
    """Return which of some options were given, as written on the command line."""
    # Compared by identity: 0 is a value, and equal to False.
    wanted = [name for name in names if not any(getattr(options, name) is empty for empty in (None, False))]
    return [f"--{name.replace('_', '-')}" for name in wanted]
