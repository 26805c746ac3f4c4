# SPDX-License-Identifier: Apache-2.0
"""The data of docs/safety/*.yaml (hazard analysis, FMEA, assumptions of use, tables of standards), and whether each entry leads somewhere."""
from tools.evidence import requirements

FILES = {  # name: (file, what an entry must have)
    "losses": ("losses.yaml", {"text"}),
    "hazards": ("hazards.yaml", {"text", "losses"}),
    "constraints": ("constraints.yaml", {"text", "hazards", "requirements"}),
    "actions": ("control-actions.yaml", {"controller", "process", "action"}),
    "unsafe": ("unsafe-actions.yaml", {"action", "how", "text", "hazards", "constraints"}),
    "scenarios": ("scenarios.yaml", {"unsafe", "text", "requirements"}),
    "fmea": ("fmea.yaml", {"interface", "mode", "effect", "detection", "mitigation", "requirements"}),
    "assumptions": ("assumptions.yaml", {"text", "why", "check"}),
    "techniques": ("techniques.yaml", {"table", "technique", "grade", "met", "how"}),
}
OPTIONAL = {"id", "file", "line", "assumptions", "links"}
HOW = ("not provided", "provided", "wrong time or order", "stopped too soon or applied too long")
BESIDE_THE_ITEM = ("HSM", "DM", "TOO")  # areas of requirements on software that the item does not rely on
MET = ("met", "partly", "not met", "not applicable")


def check_fields(kind, entry, report):
    name, place = entry.get("id", "?"), (entry["file"], entry["line"])
    for missing in sorted(FILES[kind][1] - set(entry)):
        report("bad-field", f"{name}: '{missing}' is missing", *place)
    for extra in sorted(set(entry) - FILES[kind][1] - OPTIONAL):
        report("bad-field", f"{name}: '{extra}' is no field of {FILES[kind][0]}", *place)


def read(kind, report):
    """{id: entry}"""
    found = {}
    for entry in requirements.load_list(report.root / "docs/safety" / FILES[kind][0], report):
        check_fields(kind, entry, report)
        name = entry.get("id", "?")
        if name in found:
            report("duplicate-id", f"{name} stands twice in {FILES[kind][0]}", entry["file"], entry["line"])
        found[name] = entry
    if not found:
        report("empty", "holds no entry", f"docs/safety/{FILES[kind][0]}", 1)
    return found


def names(entry, field):
    value = entry.get(field, [])
    return value if isinstance(value, list) else [value]


class Links:
    """Checks that ids exist, and notes which ones are used."""

    def __init__(self, report, data, known):
        self.report, self.data, self.known, self.used = report, data, known, set()

    def check(self, kind, field, target):
        """Each id in that field of each entry of that kind is one of target's."""
        pool = self.known if target == "requirements" else self.data[target]
        for name, entry in self.data[kind].items():
            for one in names(entry, field):
                if one not in pool:
                    self.report("unknown-id", f"{name}: {one} is none of the {target}", entry["file"], entry["line"])
                self.used.add((kind, one))

    def covered(self, kind, by, rule, what):
        """Each entry of that kind is named by one of the entries of by."""
        for name, entry in self.data[kind].items():
            if (by, name) not in self.used:
                self.report(rule, f"{name}: {what}", entry["file"], entry["line"])

    def leads_on(self, kind):
        """Each entry of that kind has a built requirement, or an assumption of use that fills the gap."""
        for name, entry in self.data[kind].items():
            built = [one for one in names(entry, "requirements") if one in self.known and requirements.status_of(self.known[one]) == "built"]
            if not built and not names(entry, "assumptions"):
                self.report("open-" + kind, f"{name}: no requirement that is built, and no assumption of use in its place", entry["file"], entry["line"])


def check_needs(links):
    """Each requirement on the item stands under a safety constraint: nothing is required without a need."""
    for name, one in links.known.items():
        beside = name.split("-")[1] in BESIDE_THE_ITEM or requirements.status_of(one) != "built"
        if not beside and ("constraints", name) not in links.used:
            links.report("no-need", f"{name}: no safety constraint needs it; add it to one in constraints.yaml", one["file"], one["line"])


def check_words(data, report):
    for name, entry in data["unsafe"].items():
        if entry.get("how") not in HOW:
            report("bad-field", f"{name}: 'how' is one of: {', '.join(HOW)}", entry["file"], entry["line"])
    for name, entry in data["techniques"].items():
        if entry.get("met") not in MET:
            report("bad-field", f"{name}: 'met' is one of: {', '.join(MET)}", entry["file"], entry["line"])
        if entry.get("met") in ("met", "partly") and not entry.get("links"):
            report("no-evidence", f"{name}: is said to be {entry['met']}, and links no evidence", entry["file"], entry["line"])
        for link in entry.get("links", []):
            if not (report.root / link.partition("#")[0]).exists():
                report("no-evidence", f"{name}: {link} does not exist", entry["file"], entry["line"])


def load(report, known):
    """All data by kind; known: the requirements."""
    data = {kind: read(kind, report) for kind in FILES}
    links = Links(report, data, known)
    for kind, field, target in (("hazards", "losses", "losses"), ("constraints", "hazards", "hazards"), ("constraints", "requirements", "requirements"),
                                ("unsafe", "action", "actions"), ("unsafe", "hazards", "hazards"), ("unsafe", "constraints", "constraints"),
                                ("scenarios", "unsafe", "unsafe"), ("scenarios", "requirements", "requirements"), ("fmea", "requirements", "requirements")):
        links.check(kind, field, target)
    for kind in ("constraints", "scenarios", "fmea"):
        links.check(kind, "assumptions", "assumptions")
        links.leads_on(kind)
    links.covered("losses", "hazards", "open-loss", "no hazard leads to it")
    links.covered("hazards", "constraints", "open-hazard", "no safety constraint covers it")
    links.covered("actions", "unsafe", "open-action", "no unsafe control action was considered for it")
    links.covered("unsafe", "scenarios", "open-unsafe", "no loss scenario explains how it comes about")
    check_needs(links)
    check_words(data, report)
    return data
