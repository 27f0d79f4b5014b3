# Flask and Celery's delay, nothing else.
from celery_app import no_op
from flask import Flask, request

app = Flask(__name__)


@app.post('/tasks')
def submit():
    return {'id': no_op.delay(request.get_json()['n']).id}, 202
