import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
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
