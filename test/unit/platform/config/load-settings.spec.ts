import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  loadSettings,
  readEnvironment,
  SettingsError,
} from '../../../../src/platform/config/load-settings.js';

const REDIS = { REDIS_URL: 'redis://localhost:6379' };

function problemsOf(values: NodeJS.Dict<string>, fromFile: string[] = []): string[] {
  try {
    loadSettings(values, new Set(fromFile));
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('loadSettings', () => {
  it('has a default for all but the address of Redis', () => {
    expect(loadSettings(REDIS)).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 5000,
      QUEUE_PREFIX: 'roost',
      QUEUES: [],
      WORKER_QUEUES: [],
      LOG_LEVEL: 'info',
    });
    expect(problemsOf({})).toEqual([
      expect.stringMatching(/^REDIS_URL is missing: .*redis:\/\/127\.0\.0\.1:6379/),
    ]);
  });

  it('reads numbers and lists, and takes an empty value as not set', () => {
    const settings = loadSettings({
      ...REDIS,
      PORT: ' 0 ',
      WORKER_QUEUES: 'cpu, default',
      LOG_DIR: '',
      WORKER_NAME: 'a-1',
    });
    expect(settings).toMatchObject({
      PORT: 0,
      WORKER_QUEUES: ['cpu', 'default'],
      LOG_DIR: 'logs',
      WORKER_NAME: 'a-1',
    });
  });

  it('names all that is wrong at once, with what would be right and what it is', () => {
    const problems = problemsOf({
      REDIS_URL: 'localhost:6379',
      PORT: '65536',
      WORKER_CONCURRENCY: '1.5',
      WORKER_QUEUES: 'default,bull:mail',
      LOG_LEVEL: 'loud',
      QUEUE_PREFIX: '{x}',
      TASK_RETENTION_COMPLETED_HOURS: '23',
    });
    expect(problems).toHaveLength(7);
    expect(problems).toEqual(
      expect.arrayContaining([
        'PORT must be a whole number from 0 to 65535 (it is "65536")',
        'WORKER_CONCURRENCY must be a whole number from 1 to 1000 (it is "1.5")',
        expect.stringMatching(
          /^WORKER_QUEUES must be a list of queues .* letter or digit \(it is "default,bull:mail"\)$/,
        ),
        expect.stringMatching(/^LOG_LEVEL must be one of: silent, .*\(it is "loud"\)$/),
      ]),
    );
  });

  it.each(['5e3', '0x10', '', '1 000', 'NaN', '-1', '99999999999999999999'])(
    'takes %p for no port',
    (PORT) => {
      expect(problemsOf({ ...REDIS, PORT })).toHaveLength(PORT === '' ? 0 : 1);
    },
  );

  it('does not repeat what may be secret', () => {
    const [problem, ...others] = problemsOf({ REDIS_URL: 'http://:hunter2@host' });
    expect(others).toEqual([]);
    expect(problem).toMatch(/^REDIS_URL must look like redis:/);
    expect(new SettingsError([problem!]).message).not.toContain('hunter2');
  });

  it('names a wrong role of a group, a wrong path to a claim, and the typo in the name of either', () => {
    const problems = problemsOf({ ...REDIS, OIDC_ROLE_MAP: 'devs=oparator', OIDC_ROLE_CLAIM: 'a..b' });
    expect(problems.join('\n')).toMatch(
      /OIDC_ROLE_MAP must be .*"oparator" is no role; did you mean operator\?/,
    );
    expect(problems.join('\n')).toMatch(/OIDC_ROLE_CLAIM must be the name of a claim, or a path to it/);
    expect(problemsOf({ ...REDIS, OIDC_ROLES_MAP: 'devs=operator' })).toEqual([
      'OIDC_ROLES_MAP is not a setting; did you mean OIDC_ROLE_MAP?',
    ]);
    for (const claim of ['realm_access.roles', 'https://example.org/roles', 'cognito:groups'])
      expect(problemsOf({ ...REDIS, OIDC_ROLE_CLAIM: claim })).toEqual([]);
  });

  it('suggests the near name for a typo of ours, and leaves the variables of others alone', () => {
    expect(problemsOf({ ...REDIS, WORKER_CONCURENCY: '5' })).toEqual([
      'WORKER_CONCURENCY is not a setting; did you mean WORKER_CONCURRENCY?',
    ]);
    expect(
      problemsOf({
        ...REDIS,
        PROT: '5',
        LOGNAME: 'ada',
        PATH: '/bin',
        LOG_FORMAT: 'x',
        REDIS_SERVER_BIN: '/x',
      }),
    ).toEqual([]);
    expect(problemsOf({ ...REDIS, PROT: '5' }, ['PROT'])).toEqual([
      'PROT is not a setting; did you mean PORT?',
    ]);
  });
});

describe('readEnvironment', () => {
  it('lays the environment over the file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'roost-env-'));
    const file = join(folder, '.env');
    writeFileSync(file, 'ROOST_TEST_A=file # comment\nROOST_TEST_B="of the file"\n');
    process.env.ROOST_TEST_A = 'environment';
    try {
      const { values, fromFile } = readEnvironment(file);
      expect(values).toMatchObject({ ROOST_TEST_A: 'environment', ROOST_TEST_B: 'of the file' });
      expect([...fromFile]).toEqual(['ROOST_TEST_A', 'ROOST_TEST_B']);
    } finally {
      delete process.env.ROOST_TEST_A;
      rmSync(folder, { recursive: true });
    }
    expect(readEnvironment(file).fromFile.size).toBe(0);
  });
});
