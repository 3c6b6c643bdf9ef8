"""`python -m tests.pbx.fetch_asterisk [22] [16]`: fetch_asterisk.sh beside this file, from any folder."""

import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    script = Path(__file__).with_name("fetch_asterisk.sh")
    raise SystemExit(subprocess.run([script, *sys.argv[1:]], check=False).returncode)
