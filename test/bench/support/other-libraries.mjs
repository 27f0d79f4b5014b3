import { inRoot, readJson } from '../../../scripts/project.mjs';

/** Alternatives to our libraries. None is a dependency: install them to compare. */
export const LIBRARIES = {
  '@nestjs/platform-fastify': '@nestjs/platform-fastify@12.5.0',
  // Beside the ioredis that is ours it needs a name of its own.
  ioredis5: 'ioredis5@npm:ioredis@5.11.1',
  redis: 'redis@6.3.1',
};

/** Installs them for as long as nobody runs `npm ci`, and changes no file of the project. */
export const INSTALL = `npm install --no-save ${Object.values(LIBRARIES).join(' ')}`;

/** `undefined` where it is installed, or what to say instead of a figure. */
export function lacks(name) {
  return versionOf(name) ? undefined : `no ${name}`;
}

export function versionOf(name) {
  return readJson(inRoot('node_modules', name, 'package.json'))?.version;
}
