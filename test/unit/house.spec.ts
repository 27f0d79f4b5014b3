import { expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/processes.js';

/** Folders whose own folders the page describes as a kind: one per task type, one per page, one per kind of data. */
const DESCRIBED_AS_A_KIND = ['task-types', 'web', 'openapi'];

const folders = (path: string) =>
  readdirSync(join(projectRoot, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

const LINES = new Map(
  [...readFileSync(join(projectRoot, 'docs/house.md'), 'utf8').matchAll(/^ {2}([\w-]+)\/ +(\S.*)$/gm)].map(
    ([, folder, text]) => [folder!, text!],
  ),
);

it('docs/house.md has a line for each folder of src/, and for no other', () => {
  expect([...LINES.keys()].sort()).toEqual(folders('src').sort());
});

it('docs/house.md names the folders inside of them', () => {
  const missing = [...LINES]
    .filter(([folder]) => !DESCRIBED_AS_A_KIND.includes(folder))
    .flatMap(([folder, text]) =>
      folders(`src/${folder}`)
        .filter((inner) => !text.includes(`${inner}/`))
        .map((inner) => `${folder}/${inner}`),
    );
  expect(missing).toEqual([]);
});
