"""The configuration: its schema, its loading, and the charters that come with the product."""
