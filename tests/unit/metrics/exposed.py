"""What an exposition names: all of it that may be searched for a few digits."""


def named(text: str) -> str:
    """An exposition without its values: series with their labels, types, meanings.

    A value is a number like any other: a lag, a moment or the memory of the process holds any four digits sometimes.
    """
    return "\n".join(line if line.startswith("#") else line.rpartition(" ")[0] for line in text.splitlines())
