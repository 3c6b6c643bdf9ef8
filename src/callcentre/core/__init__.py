"""The pure core: events in, facts and commands out. No I/O, no clock, no logging, no randomness, no asyncio."""
