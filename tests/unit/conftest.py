# SPDX-License-Identifier: Apache-2.0
"""A report of made-up results about sources of its own: nothing that a build, a gate or another test changes meanwhile is read."""
import shutil

import pytest

import evidence_samples as samples
from tools.evidence import provenance
from tools.evidence.report import collect, stored
from tools.progress import ROOT

READ = ("VERSION", "docs/safety", "misra/deviations", "configs")     # what a report takes from the sources


@pytest.fixture(scope="session")
def sources(tmp_path_factory):
    """A tree with the sources that a report reads, and one of the images."""
    root = tmp_path_factory.mktemp("sources")
    for name in READ:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, root / name)
        else:
            shutil.copy(ROOT / name, root / name)
    image = root / "build" / "hv" / "hv.elf"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"an image")
    return root


@pytest.fixture
def made(tmp_path, monkeypatch, sources):
    """made(samples, entries=None): the report of these results, on the commit of the samples with a clean tree."""
    monkeypatch.setattr(provenance, "source", lambda root=None: {"commit": samples.COMMIT, "dirty": False})
    monkeypatch.setattr(stored, "READERS", {})     # the project's own results are not the samples'

    def make(given=None, entries=None):
        for old in (tmp_path / "results").glob("*"):
            old.unlink()
        samples.write(tmp_path / "results", given)
        return collect.collect(tmp_path / "results", sources, samples.ENTRIES if entries is None else entries)
    return make
