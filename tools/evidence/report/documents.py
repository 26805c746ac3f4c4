# SPDX-License-Identifier: Apache-2.0
"""What the report takes from the sources: tables of the standards, assumptions of use, deviations from MISRA C:2012."""
FOLDER = "docs/safety"
DEVIATIONS = "misra/deviations"
DEVIATION = ("id", "guideline", "use_case", "reason", "risk", "mitigation")
FIELDS = {"techniques": ("id", "table", "technique", "grade", "met", "how"), "assumptions": ("id", "text", "check")}
# Above the techniques, on paper and in docs/safety/techniques.md.
TECHNIQUES = ("The developers' own reading; no assessor has seen it. Names are paraphrased, and names and grades were not compared with the text of the standards: "
              "check them there (IEC 61508-3:2010, annexes A and B; ISO 26262-6:2018). Public documents of tool vendors confirm the titles of the tables of annex B "
              "and single entries, no more. Ids are ours, not the standard's numbers; alternatives share a line, and techniques without a recommendation at SIL 3 "
              "are left out. Grade: HR highly recommended, R recommended, NR not recommended (met: it is not used), at SIL 3; ++ and + at ASIL D.")


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


def read_deviations(root):
    """(records, None), or ([], why they are missing). A record that cannot be read makes all of them missing."""
    try:
        import yaml
        records = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((root / DEVIATIONS).glob("DEV-*.yaml"))]
        found = [{field: words(record[field]) for field in DEVIATION} for record in records]
    except ImportError:
        return [], "PyYAML is not installed (./bulkhead setup)"
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError) as error:
        return [], f"a record in {DEVIATIONS} cannot be used: {type(error).__name__} {error}".strip()
    return (found, None) if found else ([], f"{DEVIATIONS} holds no record")


def words(value):
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def collect(root):
    records, problem = read_deviations(root)
    found = {"deviations": {"entries": records, "problem": problem}}
    for name in FIELDS:
        entries, problem = read(root, name)
        found[name] = {"entries": entries, "problem": problem}
    return found
