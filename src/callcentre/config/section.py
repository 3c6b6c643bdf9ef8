"""What every table of the configuration is checked by. The sections stand in modules of their own or in `schema`."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A table of the file: no unknown keys, no guessing at types, and no value in an error text."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)
