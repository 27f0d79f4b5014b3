# One task after the other: from delay() to the end of get(), in ms, as JSON. argv: how many are counted, after as many to warm up.
import json
import sys
import time

from celery_app import no_op

count = int(sys.argv[1])
took = []
for i in range(2 * count):
    since = time.perf_counter()
    no_op.delay(i).get(timeout=10)
    took.append((time.perf_counter() - since) * 1000)
print(json.dumps(took[count:]))
