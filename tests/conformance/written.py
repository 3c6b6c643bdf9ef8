"""A case's story as the store is given it."""

from callcentre.core.facts import CaseChanged
from tests.playbooks.case_story import CaseStory, here


class Written(CaseStory):
    """A story that keeps its facts, to be written."""

    def __init__(self, charter: str = "wme") -> None:
        super().__init__(here(charter))
        self.facts: list[CaseChanged] = []

    def _write(self, fact: CaseChanged) -> None:
        super()._write(fact)
        self.facts.append(fact)
