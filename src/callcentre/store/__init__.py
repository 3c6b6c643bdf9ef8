"""The database: tables, the single writer, queries, migrations."""
