"""CPU work in threads, and what keeps a codec that crashes or hangs from taking the server down. Services use it.

``run_cpu`` is the door for work in our own code, ``run_codec`` for that of compiled codecs on received pixels:

* While a codec works, the *flight recorder* of the server process says on what, in a file that outlives the process.
* When a process has ended in the middle of it, what it worked on then is *suspect*.
* What is suspect is worked on in a process of its own, with bounds on time and memory. What ends that process too is
  *condemned*: no process of this server touches it again.
* What a codec does not come to an end with makes the process answer its requests and end, and so is suspect too.

So each pixels bring down one process at the most, or one each where several begin with them within the same second;
innocent ones that were worked on beside them come out right, only more slowly.
"""

from app.workers.codec_work import CodecFailure, Pixels, guarded_codecs, run_codec
from app.workers.threads import run_cpu, waiting

__all__ = ["CodecFailure", "Pixels", "guarded_codecs", "run_codec", "run_cpu", "waiting"]
