import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { Settings } from '../../../../src/platform/config/settings.js';

const TEXT = readFileSync(new URL('../../../../.env.example', import.meta.url), 'utf8');
/** Settings without a fixed default. */
const COMPUTED = ['REDIS_URL', 'WORKER_NAME', 'APP_VERSION'];

/** The settings in the file, with the comment above each. */
function listed(): { name: string; value: string; comment: string }[] {
  return TEXT.split('\n\n').flatMap((block) => {
    const lines = block.trim().split('\n');
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(lines.at(-1)!) ?? [];
    return name === undefined ? [] : [{ name, value: value!, comment: lines.slice(0, -1).join('\n') }];
  });
}

describe('.env.example', () => {
  it('lists exactly the settings there are', () => {
    const names = [...new Set([...Object.keys(new Settings()), 'REDIS_URL'])];
    expect(
      listed()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(names.sort());
  });

  it('shows the default of each', () => {
    const defaults = new Settings() as unknown as Record<string, unknown>;
    for (const { name, value } of listed()) {
      const wanted = COMPUTED.includes(name) ? '' : String(defaults[name]);
      expect([name, value]).toEqual([name, wanted]);
    }
  });

  it('shows what each is for', () => {
    for (const { comment } of listed()) {
      expect(comment).toMatch(/^# [A-Z0-9]/);
      for (const line of comment.split('\n')) expect(line).toMatch(/^# /);
    }
  });
});
