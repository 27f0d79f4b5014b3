import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { inRoot, readJson } from '../../../scripts/project.mjs';

/** One line that says on what, and with what, figures were measured. */
export function machine(redis, python, postgres) {
  const system = /^PRETTY_NAME="(.*)"/m.exec(readSystem())?.[1] ?? process.platform;
  const versionOf = (name) => readJson(inRoot('node_modules', name, 'package.json'))?.version;
  return [
    `${cpus().length} cores of ${cpus()[0]?.model.trim()}`,
    `${Math.round(totalmem() / 2 ** 30)} GB`,
    system,
    `Node ${process.versions.node}`,
    `${redis.name} ${redis.version}`,
    `BullMQ ${versionOf('bullmq')}`,
    `Nest ${versionOf('@nestjs/core')}`,
    ...(python.celery ? [`Celery ${python.celery}`] : []),
    ...(python.flask ? [`Flask ${python.flask}`] : []),
    ...(postgres ? [`Postgres ${postgres.version}`] : []),
  ].join(', ');
}

function readSystem() {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}
