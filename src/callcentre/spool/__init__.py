"""The voicemail spool as files: what the mailboxes hold, and the recordings in them."""
