"""Qdrant: the vectors of properties and investors, each point under its tenant and model version.

Everything here is derived and can be rebuilt from PostgreSQL and S3. A failure of any kind, a missing collection
among them, is IndexUnavailable: never an empty answer that looks like "nothing matches".
"""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import batched if False else islice
