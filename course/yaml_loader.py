"""The parser of the course's records in YAML."""

from __future__ import annotations

from typing import Any

import yaml

#: The C library's where PyYAML has it: ten times as fast.
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
