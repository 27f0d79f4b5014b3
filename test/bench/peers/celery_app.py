# Celery as its documentation shows it: Redis as broker and as result backend.
import os

from celery import Celery

url = os.environ['REDIS_URL']
app = Celery('celery_app', broker=url, backend=url)


@app.task(name='no-op')
def no_op(n):
    return n


@app.task(name='report-progress', bind=True)
def report_progress(self, times):
    for i in range(times):
        self.update_state(state='PROGRESS', meta={'done': i + 1, 'total': times})
    return times
