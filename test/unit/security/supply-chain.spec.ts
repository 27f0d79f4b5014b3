import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../support/processes.js';

interface Locked {
  version?: string;
  resolved?: string;
  integrity?: string;
  link?: boolean;
  hasInstallScript?: boolean;
}

const read = (file: string) => JSON.parse(readFileSync(join(projectRoot, file), 'utf8'));
const project = read('package.json') as Record<string, Record<string, string>>;
const lock = read('package-lock.json') as { lockfileVersion: number; packages: Record<string, Locked> };
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

/** Each was looked at. Another one is looked at before it is written down here. */
const MAY_RUN_AT_INSTALL: Record<string, string> = {
  '@parcel/watcher': 'brings the binary of the platform, or builds it; for development alone',
  '@scarf/scarf': 'would report the installation: switched off by scarfSettings',
  'msgpackr-extract': 'takes the binary of the platform, or builds it; goes without where it cannot',
  'unrs-resolver': 'checks the binary of the platform; for development alone',
};

describe('S20: what is installed', () => {
  it('is of versions that are named exactly', () => {
    const ranges = ['dependencies', 'devDependencies', 'overrides'].flatMap((group) =>
      Object.entries(project[group]!).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)),
    );
    expect(ranges).toEqual([]);
    expect(packages.length).toBeGreaterThan(300);
    for (const [path, { version }] of packages)
      expect([path, version]).toEqual([path, expect.stringMatching(/^\d+\.\d+\.\d+/)]);
  });

  it('comes from nowhere but the registry npm asks, and is what it was when it was locked', () => {
    // The lock names no host at all: none of its own can be slipped in.
    expect(packages.filter(([, { resolved, link }]) => resolved !== undefined || link)).toEqual([]);
    expect(packages.filter(([, { integrity }]) => !/^sha512-[\w+/]{86}==$/.test(integrity ?? ''))).toEqual(
      [],
    );
  });

  it('runs nothing at its installation but what was looked at', () => {
    const scripts = packages.filter(([, { hasInstallScript }]) => hasInstallScript);
    const names = scripts.map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect([...new Set(names)].sort()).toEqual(Object.keys(MAY_RUN_AT_INSTALL).sort());
    expect(Object.keys(project.scripts!).filter((name) => /install|prepare/.test(name))).toEqual([]);
    expect(project.scarfSettings).toEqual({ enabled: false });
  });

  it('can be listed as a bill of materials', () => {
    const cli = process.env.npm_execpath;
    const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'];
    const [file, all] = cli?.endsWith('npm-cli.js') ? [process.execPath, [cli, ...args]] : ['npm', args];
    const bill = JSON.parse(
      execFileSync(file, all, { cwd: projectRoot, encoding: 'utf8', maxBuffer: 1e8 }),
    ) as {
      components: { name: string; version: string }[];
    };
    const listed = new Set(bill.components.map(({ name, version }) => `${name}@${version}`));
    for (const [name, version] of Object.entries(project.dependencies!))
      expect(listed).toContain(`${name}@${version}`);
  });
});
