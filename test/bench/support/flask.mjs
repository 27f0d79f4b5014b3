import { anyFreePort } from '../../../scripts/ports.mjs';
import { childrenOf, cpuOfAll } from './cpu.mjs';
import { HttpConnection } from './http-connection.mjs';
import { BenchProcess } from './processes.mjs';
import { until } from './until.mjs';

const SERVERS = {
  'Flask dev server': (port) => ['-m', 'flask', '--app', 'flask_app', 'run', '--port', String(port)],
  'gunicorn 2': (port) => ['-m', 'gunicorn', '-w', '2', '-b', `127.0.0.1:${port}`, 'flask_app:app'],
};
const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Flask's own server (needs Flask) or gunicorn with two workers, in front of a `BenchCelery`. */
export class BenchFlask {
  static async start(name, celery) {
    const flask = new BenchFlask();
    const port = await anyFreePort();
    flask.url = `http://127.0.0.1:${port}`;
    flask.process = new BenchProcess('flask', celery.python, SERVERS[name](port), celery.options);
    // Nothing is at its root: whatever status it answers, it answers.
    const asked = new HttpConnection(flask.url);
    await until('Flask answers', () =>
      asked.send(REQUEST).then(
        () => true,
        () => false,
      ),
    );
    asked.close();
    return flask;
  }

  cpu() {
    return cpuOfAll([this.process.pid, ...childrenOf(this.process.pid)]);
  }
}

/** Returns the missing parts of this server, or undefined. */
export function flaskLacks(name, python) {
  const needs = ['celery', 'redis', 'flask', ...(name.startsWith('gunicorn') ? ['gunicorn'] : [])];
  const lacks = needs.filter((one) => !python[one]);
  return lacks.length > 0 ? `no ${lacks.join(', ')} here` : undefined;
}
