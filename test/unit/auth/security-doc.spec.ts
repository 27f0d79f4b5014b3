import { expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { factsOf, PERMISSION_NAMES, permissionsOf, ROLES } from '../../../src/auth/permissions.js';

const TEXT = readFileSync(new URL('../../../docs/security.md', import.meta.url), 'utf8');

it('docs/security.md has the table of permissions as it is', () => {
  const rows = [...TEXT.matchAll(/^\| `([a-z]+\.[a-z]+)` +\|(.*)\|$/gm)].map(([, name, cells]) => [
    name,
    ...cells!.split('|').map((cell) => cell.trim()),
  ]);
  expect(rows).toEqual(
    PERMISSION_NAMES.map((name) => [
      name,
      ...ROLES.map((role) => (permissionsOf(role).has(name) ? 'yes' : '')),
      factsOf(name).what,
    ]),
  );
});

it('docs/security.md names, for each threat, tests that are there', () => {
  const rows = [...TEXT.matchAll(/^\| (S\d+) +\|([^|]+)\|([^|]+)\|([^|]+)\|$/gm)];
  expect(rows.length).toBeGreaterThanOrEqual(27);
  // Numbers may be left out, and never stand for two things.
  expect(new Set(rows.map(([, id]) => id)).size).toBe(rows.length);
  for (const [, id, , , files] of rows) {
    const named = [...files!.matchAll(/`([^`]+)`/g)].map(([, file]) => file!);
    expect([id, named.length > 0]).toEqual([id, true]);
    for (const file of named)
      expect([id, file, existsSync(new URL(`../../../${file}`, import.meta.url))]).toEqual([id, file, true]);
  }
});
