"""The shell around the core: the only clock, the inbox, the loop."""
