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

/** The Python that has the most of what the other side needs: `{ bin, celery?, flask?, gunicorn?, redis? }`, their versions. */
export async function findPython() {
  let best = {};
  for (const bin of ['python3', '/usr/bin/python3']) {
    const { code, output } = await runProgram(bin, ['-c', ASK]);
    if (code !== 0) continue;
    const found = { bin, ...JSON.parse(output.trim().split('\n').at(-1)) };
    if (Object.keys(found).length > Object.keys(best).length) best = found;
  }
  return best;
}
