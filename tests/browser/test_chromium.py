"""Without a browser its tests are skipped with words that help, and fail where they must run."""

import pytest

from tests.browser.chromium import REQUIRED, needed


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(REQUIRED, raising=False)
    return monkeypatch


def test_without_one_a_test_is_skipped_and_says_how_to_get_it(nowhere: pytest.MonkeyPatch) -> None:
    with pytest.raises(pytest.skip.Exception, match="Debian's package is chromium"):
        needed()


def test_where_it_is_required_a_test_fails_instead(nowhere: pytest.MonkeyPatch) -> None:
    nowhere.setenv(REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match=f"{REQUIRED}=1, but there is no Chromium"):
        needed()
