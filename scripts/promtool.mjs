// Finds Prometheus's promtool for the tests of rules and dashboard, or extracts it from Debian's package. The package is not
// installed: it would start a server of its own, and the tests want the one program.
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { canUnpack, withUnpackedPackages } from './debian-packages.mjs';
import { inRoot } from './project.mjs';
import { onPath } from './redis-find.mjs';

const HOME = inRoot('.cache/prometheus');
const UNPACKED = join(HOME, 'usr/bin/promtool');
const CURE = 'Install Prometheus, or name its promtool: PROMTOOL_BIN=/path/to/promtool npm test';

/** `{ bin }`, or why there is none: `{ missing, cure }`. */
export async function ensurePromtool(update) {
  const named = process.env.PROMTOOL_BIN;
  if (named) {
    if (existsSync(named)) return { bin: named };
    return { missing: `PROMTOOL_BIN names a file that is not there: ${named}`, cure: CURE };
  }
  const found = onPath('promtool') ?? (existsSync(UNPACKED) ? UNPACKED : undefined);
  if (found) return { bin: found };
  if (!canUnpack()) return { missing: 'There is no promtool on this machine.', cure: CURE };
  try {
    await unpack(update);
    return { bin: UNPACKED };
  } catch (error) {
    return { missing: `promtool could not be fetched: ${error.message}`, cure: CURE };
  }
}

function unpack(update) {
  const options = { update, what: 'promtool', namesOf: () => ['prometheus'] };
  return withUnpackedPackages(HOME, options, (folder) => {
    mkdirSync(dirname(UNPACKED), { recursive: true });
    renameSync(join(folder, 'usr/bin/promtool'), UNPACKED);
  });
}
