import { expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../support/processes.js';

const DOCS = readFileSync(join(projectRoot, 'docs/security.md'), 'utf8');
const MODEL = /\n## Threat model\n([^]*?)\n## /.exec(DOCS)?.[1] ?? '';

it('the threat model says of everybody what they can and cannot do, and names tests that there are', () => {
  const people = MODEL.split('\n### ').slice(1);
  expect(people).toHaveLength(9);
  const without = people.filter((text) => !text.includes('- **Can**') || !text.includes('- **Cannot**'));
  expect(without.map((text) => text.split('\n', 1)[0])).toEqual([]);
  const named = [...DOCS.matchAll(/`((?:test\/)?(?:unit|e2e|browser|chaos)\/[\w/.-]+)`/g)].map(
    ([, name]) => name!,
  );
  expect(named.length).toBeGreaterThan(60);
  const isThere = (name: string) => {
    const path = join(projectRoot, 'test', name.replace(/^test\//, ''));
    return ['', '.spec.ts', '.chaos.ts'].some((end) => existsSync(path + end));
  };
  expect(named.filter((name) => !isThere(name))).toEqual([]);
  const rows = new Set([...DOCS.matchAll(/^\| (S\d+) +\|/gm)].map(([, id]) => id));
  const cited = [...MODEL.matchAll(/\bS\d+\b/g)].map(([id]) => id);
  expect(cited.filter((id) => !rows.has(id))).toEqual([]);
});
