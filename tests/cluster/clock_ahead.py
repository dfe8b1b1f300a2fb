"""``fovea`` on a machine whose clock is put two days ahead when a file appears, and whose sweeper does not pause long.

What was left by a server that died is removed a day later, which is longer than a test may take.
"""

import os
import time
from pathlib import Path

_AHEAD_SECONDS = 2 * 86_400
_real_time = time.time
_signal = Path(os.environ["CLUSTER_CLOCK_AHEAD"])

# Before anything is imported that takes the function as it is.
time.time = lambda: _real_time() + (_AHEAD_SECONDS if _signal.exists() else 0)

from app.cli.main import main  # noqa: E402
from app.services import sweeper  # noqa: E402

sweeper.PAUSE_SECONDS = 0.2

if __name__ == "__main__":  # server processes run what is above as well
    main()
