"""Conventions of shells and pipes: - for standard streams, help, completion."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from gmmseg.commands.cli import COMMANDS, run
from gmmseg.commands.console import Console
from gmmseg.commands.parser import build_parser
from gmmseg.commands.streams import _blocks
from gmmseg.errors import Cancelled
from tests.core.commands.test_cli import child, photo

FAST = ["-k", "3", "--n-init", "1", "--tol", "1e-3"]
SHELLS = ("bash", "zsh", "fish")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``photo.png`` in it, which is the current one."""
    monkeypatch.chdir(tmp_path)
    Pillow.fromarray(photo()).save("photo.png")
    return tmp_path


@pytest.mark.slow
def test_an_image_from_standard_input_goes_to_standard_output(place: Path) -> None:
    data = Path("photo.png").read_bytes()
    assert run(["segment", "photo.png", *FAST, "--palette", "grey", "-o", "mask.png"]) == 0
    done = child("segment", "-", *FAST, "--palette", "grey", "-o", "-", cwd=place, input=data)
    assert (done.returncode, done.stderr) == (0, b"")
    with Pillow.open(io.BytesIO(done.stdout)) as sent, Pillow.open("mask.png") as mask:
        assert np.array_equal(np.asarray(sent), np.asarray(mask))
    assert sorted(os.listdir()) == ["mask.png", "photo.png"]
    done = child("segment", "photo.png", *FAST, "--format", "geojson", "-o", "-", cwd=place)
    assert done.stdout.startswith(b'{"type":') or b"FeatureCollection" in done.stdout[:80]


@pytest.mark.slow
def test_other_commands_take_dashes_too(place: Path) -> None:
    data = Path("photo.png").read_bytes()
    assert run(["segment", "photo.png", *FAST, "-o", "m.png", "--model", "model.json"]) == 0
    done = child("apply", "model.json", "-", "-o", "-", cwd=place, input=data)
    with Pillow.open(io.BytesIO(done.stdout)) as sent, Pillow.open("m.png") as mask:
        assert np.array_equal(np.asarray(sent), np.asarray(mask))
    assert run(["select", "photo.png", "--click", "5,5", "-o", "o.png"]) == 0
    done = child("select", "-", "--click", "5,5", "-o", "-", cwd=place, input=data)
    assert done.stdout == Path("o.png").read_bytes()
    assert run(["sample", "model.json", "-n", "3", "-o", "s.csv"]) == 0
    done = child("sample", "model.json", "-n", "3", "-o", "-", cwd=place)
    assert done.stdout == Path("s.csv").read_bytes()


def test_tables_and_frames_come_from_standard_input(place: Path) -> None:
    Path("t.csv").write_text("a,b\n" + "".join(f"{n % 7},{n * n % 11}\n" for n in range(40)))
    assert run(["fit", "t.csv", "-k", "2", "-o", "rows.csv"]) == 0
    done = child("fit", "-", "-k", "2", "-o", "-", cwd=place, input=Path("t.csv").read_bytes())
    assert (done.returncode, done.stdout) == (0, Path("rows.csv").read_bytes())
    stack = [Pillow.new("L", (8, 6), level) for level in (0, 200)]
    stack[0].save("s.tif", save_all=True, append_images=stack[1:])
    done = child("frames", "-", "-o", "masks/", cwd=place, input=Path("s.tif").read_bytes())
    assert (done.returncode, done.stderr, len(os.listdir("masks"))) == (0, b"", 2)


@pytest.mark.parametrize(
    "words",
    ["frames photo.png", "mnist --drawn", "select --boxes b.csv", "segment .", "apply m.json a.png b.png"],
)
def test_more_than_a_file_is_not_sent(place: Path, capsys: Any, words: str) -> None:
    assert run([*words.split(), "-o", "-"]) == 2
    assert "standard output takes one file" in capsys.readouterr().err


def test_what_is_refused_sends_nothing(place: Path) -> None:
    for data, words in ((b"", b"empty file"), (b"no picture", b"not an image")):
        done = child("segment", "-", "-o", "-", cwd=place, input=data)
        assert (done.returncode, done.stdout) == (1, b"")
        assert words in done.stderr
        assert done.stderr.count(b"\n") == 1
    assert os.listdir() == ["photo.png"]


def test_a_file_that_is_called_a_dash_is_read_by_its_path(place: Path) -> None:
    shutil.copy("photo.png", "-")
    assert run(["segment", "./-", *FAST, "-o", "mask.png"]) == 0
    assert Path("mask.png").is_file()


@pytest.mark.skipif(os.name != "posix", reason="elsewhere a read waits")
def test_the_wait_for_standard_input_can_be_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin, os.fdopen(writing, "wb") as sender:
        monkeypatch.setattr(sys, "stdin", stdin)
        console = Console(io.StringIO())
        sender.write(b"the beginning")
        sender.flush()
        blocks = _blocks(console)
        assert next(blocks) == b"the beginning"
        ended = []

        def wait() -> None:
            with console.interruptible():
                os.kill(os.getpid(), signal.SIGINT)
                try:
                    next(blocks)
                except Cancelled:
                    ended.append("in order")

        with pytest.raises(KeyboardInterrupt):
            wait()
        assert ended == ["in order"]


def test_help_is_that_of_the_option(place: Path, capsys: Any) -> None:
    assert run(["help"]) == 0
    assert capsys.readouterr().out == build_parser()[0].format_help()
    for name in COMMANDS:
        assert run(["help", name]) == 0
        helped = capsys.readouterr().out
        assert run([name, "--help"]) == 0
        assert capsys.readouterr().out == helped
    assert run(["help", "nothing"]) == 2


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_knows_every_command_and_option(shell: str, capsys: Any) -> None:
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert max(map(len, script.splitlines())) < 5000
    _, parsers = build_parser()
    for name, parser in parsers.items():
        assert re.search(rf"\b{name}\b", script)
        for option in parser._option_string_actions:
            shown = f"-l {option[2:]} " if shell == "fish" and option.startswith("--") else option
            assert shown in script or shown.strip() in script, (name, option)


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts_are_in_the_shells_language(shell: str, tmp_path: Path, capsys: Any) -> None:
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    assert run(["completion", shell]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    subprocess.run([program, "-n", str(script)], check=True, timeout=30)


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["seg"], {"segment"}),
        (["segment", "--cov"], {"--covariance"}),
        (["segment", "--covariance", ""], {"full", "tied", "diag", "spherical"}),
        (["apply", "--joi"], set()),
        (["help", "mn"], {"mnist"}),
        (["completion", ""], set(SHELLS)),
    ],
)
def test_bash_completes(words: list[str], wanted: set[str], tmp_path: Path, capsys: Any) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")
    assert run(["completion", "bash"]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    line = " ".join(f"'{word}'" for word in ["gmmseg", *words])
    code = f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words)}; _gmmseg; echo ${{COMPREPLY[@]}}"
    done = subprocess.run([bash, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert done.stderr == ""
    assert set(done.stdout.split()) == wanted
