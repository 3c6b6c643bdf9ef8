"""The map of personal data has every column of every table, and everything that must read it does."""

from callcentre.config.retention import TERMS
from callcentre.store import personal, tables
from callcentre.store.personal import PERSONAL, Says, columns_of, tables_with, text_columns
from callcentre.store.retention_rules import RULES
from callcentre.store.searches import SEARCHES
from callcentre.store.subject import SOURCES

ALL = {table.name: table for table in tables.metadata.sorted_tables}

KEPT_FOR_EVER = {
    "api_tokens": "accounts are looked after by whoever administers them",
    "recovery_codes": "the same",
    "users": "the same",
    "greeting_sign_offs": "who answers for a recorded message, as long as it is played",
    "mailboxes": "one row for each mailbox, always the newest",
    "filings": "removed with their task",
    "ring_attempts": "removed with their call",
    "task_history": "removed with their task",
    "case_history": "removed with their case",
    "breach_steps": "removed with their breach",
}


def test_every_table_and_every_text_column_is_on_the_map() -> None:
    assert set(PERSONAL) == set(ALL), "name the table in store/personal.py: of whom do its columns tell?"
    for name, table in ALL.items():
        said = [column for column, _ in PERSONAL[name].said()]
        assert sorted(said) == sorted(column.name for column in text_columns(table)), f"store/personal.py: {name}"


def test_what_is_no_text_holds_no_name() -> None:
    kinds = {str(column.type).split("(")[0] for table in ALL.values() for column in table.columns}
    assert kinds <= {"TEXT", "INTEGER", "BIGINT", "DATETIME", "BOOLEAN", "DOUBLE", "DOUBLE PRECISION"}


def test_erasure_knows_every_table_with_numbers_or_names_of_callers() -> None:
    named = {search.table.name: search for search in SEARCHES}
    assert {table.name for table, _ in tables_with(Says.NUMBER, Says.PERSON, Says.WORDS)} == set(named)
    for search in SEARCHES:
        gone = {column.name for column in columns_of(search.table, Says.NUMBER, Says.PERSON)}
        assert gone <= set(search.sets)
        words = {column.name for column in columns_of(search.table, Says.WORDS)}
        assert words == set(search.words)
        assert set(search.columns) <= {column.name for column in search.table.columns}


def test_retention_knows_every_table_with_anything_personal() -> None:
    ruled = {rule.table.name for rule in RULES}
    ours = {table.name for table, _ in tables_with(Says.NUMBER, Says.PERSON, Says.WORDS, Says.STAFF)}
    assert ours - ruled == set(KEPT_FOR_EVER)
    assert {rule.kind for rule in RULES} - {"flags", "marks"} == set(TERMS)
    for name in KEPT_FOR_EVER.keys() - {"api_tokens", "recovery_codes", "users", "greeting_sign_offs", "mailboxes"}:
        assert any(f"DELETE FROM {name} " in step for rule in RULES for step in rule.steps), name


def test_retention_removes_each_number_before_its_row() -> None:
    for table, columns in tables_with(Says.NUMBER):
        steps = [step for rule in RULES for step in rule.steps if f" {table.name} " in step]
        for column in columns:
            emptied = any(f'"{column.name}" = ' in step.split("WHERE")[0] for step in steps)
            assert emptied or table.name == "legal_holds", f"{table.name}.{column.name}"


def test_access_export_knows_every_table_with_numbers_names_or_words_of_callers() -> None:
    named = {source.table.name for source in SOURCES}
    ours = {table.name for table, _ in tables_with(Says.NUMBER, Says.PERSON)}
    assert ours <= named
    assert {"task_history", "case_history", "transcripts", "outbox", "satisfaction", "voicemail_uses"} <= named


def test_the_map_says_nothing_twice() -> None:
    for name, held in PERSONAL.items():
        columns = [column for column, _ in held.said()]
        assert len(columns) == len(set(columns)), name
    assert personal.table_of("no such table") is None
