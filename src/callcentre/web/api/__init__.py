"""The API for programs at /api/v1: each operation is a row of one table, of which handlers and document are made."""
