"""What keeps a case from being played at all: the lab's own trouble, which says nothing about callcentre."""


class Unplayed(RuntimeError):
    """The machine was too busy for the lab: a telephone or a call did not come to the PBX in time."""
