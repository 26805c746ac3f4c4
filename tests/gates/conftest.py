# SPDX-License-Identifier: Apache-2.0
"""What the tests of the gates stand on: a copy of the project to break, and a gate to run on it."""
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns("build", ".git", "__pycache__", ".sconsign.dblite", ".pytest_cache",
                                  "*.dump", "*.ctu-info")     # of cppcheck, which come and go beside a source


class Project:
    """A copy of the sources. What a test changes is put back after it; what was built stays, so that builds are short."""

    def __init__(self, root):
        self.root, self.kept = root, {}

    def keep(self, file):
        path = self.root / file
        if file not in self.kept:
            self.kept[file] = path.read_bytes() if path.exists() else None
        return path

    def replace(self, file, old, new):
        """old must be there, once."""
        path = self.keep(file)
        text = path.read_text()
        assert text.count(old) == 1, f"{file} has {text.count(old)} times: {old}"
        path.write_text(text.replace(old, new))

    def write(self, file, text):
        self.keep(file).write_text(text)

    def one_unit(self, text):
        """hv/core/tiny.c, with this text, in place of the units that are proved."""
        self.write("hv/core/tiny.c", text)
        prove = (self.root / "proofs" / "prove.py").read_text()
        begin, end = prove.index("UNITS = {"), prove.index("}", prove.index("UNITS = {"))
        self.write("proofs/prove.py", prove[:begin] + 'UNITS = {"tiny": "hv/core/tiny.c"' + prove[end:])

    def restore(self):
        for file, content in self.kept.items():
            if content is None:
                (self.root / file).unlink(missing_ok=True)
            else:
                (self.root / file).write_bytes(content)
        self.kept = {}

    def run(self, *words):
        """A program of the copy: (exit status, what it printed)."""
        done = subprocess.run(["/usr/bin/python3", "-B", *words], cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", check=False)
        return done.returncode, done.stdout


@pytest.fixture(scope="session")
def copied(tmp_path_factory):
    root = tmp_path_factory.mktemp("project") / "bulkhead"
    shutil.copytree(ROOT, root, ignore=LEFT_OUT)
    return Project(root)


@pytest.fixture
def project(copied):
    yield copied
    copied.restore()


class Gate:
    """A gate of the copy: words is how it is run."""

    def __init__(self, project, words):
        self.project, self.words = project, words

    def passes(self, *told):
        """Passes and prints each of these; returns all that it prints."""
        status, text = self.project.run(*self.words)
        assert status == 0, text
        for word in told:
            assert word in text, text
        return text

    def fails(self, *told):
        """Fails and prints one line with all of these; returns all that it prints."""
        status, text = self.project.run(*self.words)
        assert status == 1, text
        assert any(all(word in line for word in told) for line in text.splitlines()), text
        return text


@pytest.fixture
def gate(project, request):
    """The gate that the test file names as GATE."""
    return Gate(project, request.module.GATE)
