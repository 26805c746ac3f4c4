# SPDX-License-Identifier: Apache-2.0
"""Completion of bhdm for bash, and its manual page: they know the options that it has."""
import pathlib
import re
import subprocess

DM = pathlib.Path(__file__).resolve().parents[2] / "dm"
SCRIPT = 'source {}; COMP_WORDS=(bhdm "$@"); COMP_CWORD=$#; _bhdm; printf "%s\\n" "${{COMPREPLY[@]}}"'


def completed(*words):
    run = subprocess.run(["bash", "-c", SCRIPT.format(DM / "bhdm.bash"), "bash", *words], check=True, capture_output=True, text=True)
    return run.stdout.split()


def options():
    return set(re.findall(r'^    \{"([a-z-]+)"', (DM / "options.c").read_text(), re.M)) | set(re.findall(r', *\{"([a-z-]+)", ', (DM / "options.c").read_text()))


# REQ-DM-009
def test_every_option_is_completed_and_has_its_place_in_the_manual():
    known = {f"--{name}" for name in options()}
    assert len(known) > 15 and set(completed("")) == known - {"--status-file"}
    manual = (DM / "bhdm.1").read_text().replace("\\-", "-")
    assert [name for name in known if name not in manual] == []
    assert completed("--na") == ["--name"]


# REQ-DM-009
def test_a_console_is_completed_and_a_number_is_not():
    assert completed("--name", "x", "--serial", "p") == ["pty"]
    assert completed("--cpus", "") == []
