"""The monthly report (H16): what was promised, and what came of it, month by month, of the lines of one charter."""
