# SPDX-License-Identifier: Apache-2.0
"""YAML files that remember where each value stands, and errors that say so."""
import json
import pathlib
import re

import jsonschema
import yaml

from tools.config.errors import ConfigError

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "configs" / "schema"
UNITS = {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
SIZE = re.compile(r"^([0-9]+) ?(KiB|MiB|GiB)$")


class UniqueKeyLoader(yaml.SafeLoader):
    """A key given twice is an error, not a silent replacement."""


def parse_bytes(value):
    """A number of bytes: an integer, or a string such as '64 MiB'."""
    if isinstance(value, int):
        return value
    number, unit = SIZE.match(value).groups()
    return int(number) * UNITS[unit]


def key_text(path):
    """('memory', 0, 'size') -> memory[0].size"""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + str(part)
    return text or "(top)"


class Document:
    """One parsed file: .data, and the line of every key in it."""

    def __init__(self, path, schema):
        self.path = pathlib.Path(path)
        self.lines = {}
        self.data = self._parse()
        self._validate(schema)

    def line(self, path):
        path = tuple(path)
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path, 1)

    def problem(self, path, what, change):
        return f"{self.name}:{self.line(path)}: {key_text(path)}: {what}; {change}"

    @property
    def name(self):
        try:
            return str(self.path.resolve().relative_to(pathlib.Path.cwd()))
        except ValueError:
            return str(self.path)

    def _parse(self):
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise ConfigError([f"{self.path}: cannot be read: {reason}; check the file's name and rights"]) from None
        loader = UniqueKeyLoader(text)
        try:
            node = loader.get_single_node()
            if node is None:
                raise ConfigError([f"{self.name}:1: (top): the file is empty; start from configs/scenarios/demo.yaml"])
            self._locate(node, ())
            return loader.construct_document(node)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ConfigError([f"{self.name}:{line}: YAML: {error.problem}; "
                               "check indentation, colons and brackets on this line"]) from None
        except yaml.YAMLError as error:
            raise ConfigError([f"{self.name}:1: YAML: {error}; check the file"]) from None
        finally:
            loader.dispose()

    def _locate(self, node, path):
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            seen = set()
            for key, value in node.value:
                if key.value in seen:
                    raise ConfigError([f"{self.name}:{key.start_mark.line + 1}: {key_text(path + (key.value,))}: "
                                       "the key stands twice; remove one"])
                seen.add(key.value)
                self.lines[path + (key.value,)] = key.start_mark.line + 1
                self._locate(value, path + (key.value,))
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self._locate(value, path + (index,))

    def _validate(self, schema):
        with open(SCHEMAS / f"{schema}.json", encoding="utf-8") as file:
            self.rules = json.load(file)
        errors = sorted(jsonschema.Draft202012Validator(self.rules).iter_errors(self.data),
                        key=lambda e: self.line(e.absolute_path))
        if errors:
            raise ConfigError([self._explain(error) for error in errors])

    def _description(self, rule):
        shared = self.rules["$defs"].get(rule.get("$ref", "").rpartition("/")[2], {})
        return rule.get("description") or shared.get("description", "")

    def _explain(self, error):
        path = tuple(error.absolute_path)
        kind, rule, value = error.validator, error.validator_value, error.instance
        hint = self._description(error.schema) or "see docs/user-guide.md"
        if kind == "additionalProperties":
            known = sorted(error.schema.get("properties", {}))
            unknown = sorted(str(key) for key in set(value) - set(known))
            return self.problem(path + (unknown[0],), f"unknown key {', '.join(unknown)}",
                                f"the keys here are {', '.join(known)}")
        if kind == "required":
            missing = next(key for key in rule if key not in value)
            hint = self._description(error.schema["properties"].get(missing, {}))
            return self.problem(path, f"the key {missing} is missing", f"add it{': ' + hint if hint else ''}")
        if kind == "enum":
            return self.problem(path, f"{value!r} is not possible", f"use one of {', '.join(map(str, rule))}")
        if kind == "type":
            return self.problem(path, f"{value!r} is not of type {rule}", hint)
        if kind in ("minimum", "maximum"):
            return self.problem(path, f"{value} is {'below' if kind == 'minimum' else 'above'} {rule}", hint)
        if kind in ("minItems", "maxItems"):
            bound = "fewer" if kind == "minItems" else "more"
            return self.problem(path, f"{len(value)} entries, {bound} than {rule}", hint)
        if kind == "uniqueItems":
            return self.problem(path, "an entry stands twice", "remove one")
        return self.problem(path, f"{value!r} does not fit", hint)
