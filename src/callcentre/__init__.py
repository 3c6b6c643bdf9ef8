"""callcentre: measures every call of an Asterisk PBX against what the office promised."""
