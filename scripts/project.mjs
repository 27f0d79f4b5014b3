// Where things lie in the project folder. Every path is absolute, so a script works from any working directory.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[\\/]$/, '');
export const inRoot = (...parts) => join(root, ...parts);

export const version = JSON.parse(readFileSync(inRoot('package.json'), 'utf8')).version;

/** Entry point of a package's program, to be run with the Node that runs us (no shell, no .cmd files). */
export const programs = {
  /** TypeScript 7, the native compiler: builds and checks in a quarter of the time of 6. */
  tsc: inRoot('node_modules/typescript7/bin/tsc'),
  /** TypeScript 6, in JavaScript, which ESLint needs: its watcher ends with us, as there is no second process. */
  tscWatch: inRoot('node_modules/typescript/bin/tsc'),
  jest: inRoot('node_modules/jest/bin/jest.js'),
  prettier: inRoot('node_modules/prettier/bin/prettier.cjs'),
  eslint: inRoot('node_modules/eslint/bin/eslint.js'),
  depcruise: inRoot('node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
};

/** Flags of Node for every process that runs dist/: stacks name the lines of src/. Forks and threads inherit them. */
export const NODE_FLAGS = ['--enable-source-maps'];

export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Settings that the scripts themselves need; the apps read and check all of them. */
export function loadSettings() {
  const envFile = inRoot('.env');
  // loadEnvFile leaves alone what is set already: the environment wins over the file.
  if (existsSync(envFile)) process.loadEnvFile(envFile);
  const { HOST, PORT, REDIS_URL, SHUTDOWN_TIMEOUT_MS } = process.env;
  const shutdownMs = Number(SHUTDOWN_TIMEOUT_MS);
  return {
    host: HOST || '127.0.0.1',
    port: PORT || '5000',
    redisUrl: REDIS_URL || undefined,
    shutdownMs: SHUTDOWN_TIMEOUT_MS && shutdownMs >= 0 ? shutdownMs : 30_000,
  };
}

/** `PORT=5001 npm start` as the shell of this system wants it. */
export function commandWith(name, value, command) {
  return process.platform === 'win32' ? `$env:${name}="${value}"; ${command}` : `${name}=${value} ${command}`;
}
