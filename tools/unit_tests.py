# SPDX-License-Identifier: Apache-2.0
"""Which sources a unit test's program is made of; the rules are at the top of tests/unit/SConscript."""
import re

WORLD_FOLDERS = ("core", "devices", "fake")  # of hv/: what the word "all" links, as a library


def sources_of(text):
    """Paths from the project's root, in the order of the test's line, and whether the library is among them."""
    named = re.search(r"unit-sources:(.*?)\*/", text, re.S)
    words = named.group(1).split() if named else []
    return [word[1:] if word.startswith("/") else f"hv/{word}" for word in words if word != "all"], "all" in words


def needs_of(text):
    """Build products that the program reads when it runs."""
    named = re.search(r"unit-needs:(.*?)\*/", text, re.S)
    return named.group(1).split() if named else []


def in_world(path):
    """core/string.c stays out of the library, as its names are the C library's."""
    return path.name != "string.c"
