import { validateSync } from 'class-validator';
import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { nearName } from '../../model/near-name.js';
import { shownSetting } from './shown-settings.js';
import { isSecret, Settings } from './settings.js';
import { StartupError } from '../startup-error.js';

/** Lists every invalid setting with its valid values. Does not repeat values that may be secret. */
export class SettingsError extends StartupError {
  override name = 'SettingsError';

  constructor(readonly problems: string[]) {
    super(
      `The settings are invalid:\n${problems.map((line) => `  - ${line}`).join('\n')}\n` +
        'Set them in the environment or in .env; .env.example lists them all.',
    );
  }
}

/** Prefixes that only Roost uses: an unknown variable with one is a typo, not another program's. */
const OWN_PREFIXES = /^(REDIS_|QUEUE_|WORKER_|SHUTDOWN_|LOG_|TASK_RETENTION_|HISTORY_|ACCESS_|OIDC_|AUDIT_)/;

/** Variables of the launcher and the tests. Listed so that they are not taken for typos. */
const KNOWN_ELSEWHERE = new Set(['REDIS_SERVER_BIN']);

/** Returns the environment of the process merged over `.env`. The only reader of `process.env`. */
export function readEnvironment(file = '.env'): { values: NodeJS.Dict<string>; fromFile: Set<string> } {
  const fileValues = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  return { values: { ...fileValues, ...process.env }, fromFile: new Set(Object.keys(fileValues)) };
}

/**
 * Validates the settings in `values`. An empty value counts as not set.
 * @throws SettingsError naming every invalid one.
 */
export function loadSettings(
  values: NodeJS.Dict<string>,
  fromFile: ReadonlySet<string> = new Set(),
): Settings {
  const settings = new Settings();
  const known = [...Object.keys(settings), 'REDIS_URL'].filter((name, i, all) => all.indexOf(name) === i);
  const problems = typos(values, fromFile, known);

  for (const name of known) {
    const text = values[name]?.trim();
    if (text === undefined || text === '') continue;
    (settings as unknown as Record<string, unknown>)[name] = parse(
      text,
      (settings as unknown as Record<string, unknown>)[name],
    );
  }
  for (const { property, constraints = {} } of validateSync(settings, { skipMissingProperties: false })) {
    if (property === 'REDIS_URL' && !values.REDIS_URL?.trim()) {
      problems.push(
        'REDIS_URL is missing: a web or worker process of its own needs one, such as redis://127.0.0.1:6379',
      );
      continue;
    }
    const shown = isSecret(property)
      ? ''
      : ` (it is "${shownSetting(property, values[property]?.trim() ?? '')}")`;
    const [message] = Object.values(constraints);
    problems.push(`${property} ${message}${shown}`);
  }
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

const BOOLEANS: Record<string, boolean> = {
  true: true,
  yes: true,
  1: true,
  false: false,
  no: false,
  0: false,
};

function parse(text: string, standard: unknown): unknown {
  if (typeof standard === 'number') return /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
  if (typeof standard === 'boolean') return BOOLEANS[text.toLowerCase()];
  if (Array.isArray(standard)) return text.split(',').map((part) => part.trim());
  return text;
}

function typos(values: NodeJS.Dict<string>, fromFile: ReadonlySet<string>, known: string[]): string[] {
  const problems: string[] = [];
  for (const name of Object.keys(values)) {
    if (known.includes(name) || KNOWN_ELSEWHERE.has(name)) continue;
    if (!fromFile.has(name) && !OWN_PREFIXES.test(name)) continue;
    const near = nearName(name, known);
    if (near) problems.push(`${name} is not a setting; did you mean ${near}?`);
  }
  return problems;
}
