"""Every file of `bad/` is refused with exactly the words that stand beside it."""

from pathlib import Path

import pytest

from callcentre.config import load
from callcentre.core.errors import ConfigError

BAD = Path(__file__).parent / "bad"


@pytest.mark.parametrize("name", sorted(path.stem for path in BAD.glob("*.toml")))
def test_a_bad_file_is_refused_with_file_key_and_what_to_write(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    with pytest.raises(ConfigError) as refusal:
        load(Path(f"{name}.toml"), {})
    expected = (BAD / f"{name}.txt").read_text("utf-8")
    assert f"{refusal.value}\n" == expected
    assert "the-hidden-word" not in expected
    assert "424242" not in expected
    assert refusal.value.__cause__ is None
