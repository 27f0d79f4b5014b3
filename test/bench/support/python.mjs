import { runProgram } from '../../../scripts/programs.mjs';

const ASK = `
import json
found = {}
for name in ('celery', 'flask', 'redis', 'gunicorn'):
    try:
        found[name] = __import__(name).__version__
    except Exception:
        pass
print(json.dumps(found))`;

/** The Python that has the most of what the other side needs: `{ bin, celery?, flask?, gunicorn?, missing }`. */
export async function findPython() {
  let best = { found: {} };
  for (const bin of ['python3', '/usr/bin/python3']) {
    const { code, output } = await runProgram(bin, ['-c', ASK]);
    if (code !== 0) continue;
    const found = JSON.parse(output.trim().split('\n').at(-1));
    if (!best.bin || Object.keys(found).length > Object.keys(best.found).length) best = { bin, found };
  }
  const { redis, ...found } = best.found;
  // Without the client of Redis the others have no broker.
  const usable = redis ? found : {};
  const packages = { celery: 'python3-celery', flask: 'python3-flask', gunicorn: 'gunicorn' };
  const missing = Object.entries(packages)
    .filter(([name]) => !usable[name])
    .map(([name, debian]) => `${name} for Python (Debian: apt-get install ${debian} python3-redis)`);
  return { bin: best.bin, ...usable, missing };
}
