"""The base of every part of the configuration.

Pure; below the models, so that each group of keys can have a module of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """Base of every part of the configuration: frozen, and unknown keys are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: object) -> object:
        """A section or list left empty (all its lines commented out) means its default."""
        if not isinstance(data, Mapping):
            return data
        fields = cls.model_fields
        empty = [
            key
            for key, value in data.items()
            if value is None and key in fields and isinstance(fields[key].default, (BaseModel, tuple, dict))
        ]
        return {key: value for key, value in data.items() if key not in empty}
