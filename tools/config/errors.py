# SPDX-License-Identifier: Apache-2.0
"""What the config compiler raises; importable without PyYAML and jsonschema."""


class ConfigError(Exception):
    """All problems found, one a line: file:line: key: what is wrong; what to change."""

    def __init__(self, problems):
        super().__init__("\n".join(problems))
        self.problems = problems
