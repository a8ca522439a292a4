"""How long a process waits for the package and its first answer, in microseconds."""

import json
import time

begun = time.perf_counter()
import menjie  # noqa: E402

loaded = time.perf_counter()
words = menjie.invoice.amount_in_words(amount_fen=35619).words
answered = time.perf_counter()
if words != "叁佰伍拾陆元壹角玖分":
    raise SystemExit(words)
print(json.dumps([(loaded - begun) * 1e6, (answered - begun) * 1e6]))
