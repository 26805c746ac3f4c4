# SPDX-License-Identifier: Apache-2.0
"""What the report takes from docs/safety: the tables of the standards and the assumptions of use."""
FOLDER = "docs/safety"
FIELDS = {"techniques": ("id", "table", "technique", "grade", "met", "how"), "assumptions": ("id", "text", "check")}


def read(root, name):
    """(entries, None), or ([], why they are missing)."""
    path = root / FOLDER / f"{name}.yaml"
    try:
        import yaml  # not installed: the report says so
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = [{field: str(entry[field]) for field in FIELDS[name]} for entry in entries]
    except ImportError:
        return [], "PyYAML is not installed (./bulkhead setup)"
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        return [], f"{FOLDER}/{name}.yaml cannot be used: {type(error).__name__} {error}".strip()
    return (found, None) if found else ([], f"{FOLDER}/{name}.yaml is empty")


def collect(root):
    found = {}
    for name in FIELDS:
        entries, problem = read(root, name)
        found[name] = {"entries": entries, "problem": problem}
    return found
