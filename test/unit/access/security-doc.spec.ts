import { expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { factsOf, PERMISSION_NAMES, permissionsOf, ROLES } from '../../../src/access/permissions.js';

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
  expect(rows.map(([, id]) => id)).toEqual(Array.from({ length: 24 }, (_, i) => `S${i + 1}`));
  for (const [, id, , , files] of rows) {
    const named = [...files!.matchAll(/`([^`]+)`/g)].map(([, file]) => file!);
    expect([id, named.length > 0]).toEqual([id, true]);
    for (const file of named)
      expect([id, file, existsSync(new URL(`../../../${file}`, import.meta.url))]).toEqual([id, file, true]);
  }
});
