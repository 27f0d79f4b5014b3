import { findPostgres } from './postgres.mjs';
import { findPython } from './python.mjs';
import { versionOf as versionInRoot, INSTALL, LIBRARIES } from './other-libraries.mjs';
import { inRoot, readJson } from '../../../scripts/project.mjs';

/** Packages that are no dependency of ours have a folder of their own: `npm ci` leaves it, and it leaves the lock file. */
const FOLDER = '.cache/bench-peers';
/** Dependencies of ours have our version. */
const PACKAGES = {
  'pg-boss': '12.38.0',
  'graphile-worker': '0.18.0',
  pg: '8.23.1',
  bullmq: versionInRoot('bullmq'),
  express: versionInRoot('express'),
};
export const peerPackages = inRoot(FOLDER, 'node_modules');

const versionOf = (name) => readJson(inRoot(FOLDER, 'node_modules', name, 'package.json'))?.version;
const apt = (...packages) => `apt-get install ${packages.join(' ')}`;
/** All at once: whoever wants one of them wants to compare them. */
const NPM = `npm install --prefix ${FOLDER} --ignore-scripts --save-exact ${Object.entries(PACKAGES)
  .map((nameAndVersion) => nameAndVersion.join('@'))
  .join(' ')}`;

/** The peers of P16: their program in `peers/postgres/`, and the packages it needs, its own first. */
export const ON_POSTGRES = {
  'pg-boss': { program: 'pg-boss', needs: ['pg-boss', 'pg', 'express'] },
  'graphile-worker': { program: 'graphile-worker', needs: ['graphile-worker', 'pg', 'express'] },
  'BullMQ on Postgres': { program: 'bullmq-postgres', needs: ['bullmq', 'pg', 'express'] },
};

/**
 * Everything the benches compare with: `{ python, postgres, list }`, where `list` has for each of them
 * `{ name, benches, version?, get }`: no version where it is missing, and the command that gets it.
 */
export async function findPeers() {
  const python = await findPython();
  const postgres = findPostgres();
  const list = [
    pythonPeer('Celery', python.celery, ['P1', 'P3', 'P4', 'P5', 'P10', 'P13'], 'python3-celery'),
    pythonPeer('Flask', python.flask, ['P1', 'P13'], 'python3-flask'),
    pythonPeer('gunicorn', python.gunicorn, ['P1', 'P13'], 'gunicorn'),
    pythonPeer('redis-py', python.redis, ['P1', 'P3', 'P4', 'P5', 'P10', 'P13'], 'python3-redis'),
    { name: 'bull-board', benches: ['P11'], version: versionInRoot('@bull-board/api'), get: 'npm ci' },
    { name: 'Postgres', benches: ['P16'], version: postgres?.version, get: apt('postgresql') },
    ...Object.entries(ON_POSTGRES).map(([name, { needs }]) => ({
      ...{ name, benches: ['P16'], version: lacking(needs) ? undefined : versionOf(needs[0]), get: NPM },
    })),
    ...Object.keys(LIBRARIES).map((name) => ({
      ...{ name, benches: ['libs'], version: versionInRoot(name), get: INSTALL },
    })),
  ];
  return { python, postgres, list };
}

const pythonPeer = (name, version, benches, debian) => ({ name, benches, version, get: apt(debian) });

/** The first of these packages that isn't there in the version that is measured. */
function lacking(names) {
  return names.find((name) => versionOf(name) !== PACKAGES[name]);
}

/** Returns what a peer of P16 lacks, or undefined. */
export function postgresLacks(name, postgres) {
  if (!postgres) return 'no Postgres here';
  const missing = lacking(ON_POSTGRES[name].needs);
  return missing && `no ${missing} ${PACKAGES[missing]} here`;
}

/** One line for each peer, and the commands that get those that are missing. */
export function printPeers(list) {
  const width = Math.max(...list.map(({ name }) => name.length));
  const lines = list.map(({ name, benches, version }) =>
    [name.padEnd(width), (version ?? 'missing').padEnd(8), benches.join(' ')].join('  '),
  );
  const commands = new Map();
  for (const { name, version, get } of list)
    if (!version) commands.set(get, [...(commands.get(get) ?? []), name]);
  const ways = [...commands].map(([get, names]) => `\nTo get ${names.join(', ')}:\n  ${get}`);
  return `${[...lines, ...ways].join('\n')}\n`;
}
