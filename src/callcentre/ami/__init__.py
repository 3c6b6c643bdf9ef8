"""The Asterisk Manager Interface: bytes to core events, commands to actions."""
