# Hands in tasks to a queue nobody reads. argv: name of the task, how many, its argument (default: a running number).
import sys

from celery_app import app

name, count = sys.argv[1], int(sys.argv[2])
for i in range(count):
    app.send_task(name, (int(sys.argv[3]) if len(sys.argv) > 3 else i,), queue='seed')
