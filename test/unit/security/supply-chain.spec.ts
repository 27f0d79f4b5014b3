import { describe, expect, it } from '@jest/globals';
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

interface Component {
  name: string;
  version?: string;
  license?: string;
  hashes?: { alg: string }[];
}
const sbom = (await import('../../../scripts/sbom-command.mjs' as string)) as {
  makeBill: () => Promise<{ components: Component[] }>;
  lockedPackages: () => Component[];
};
const inProduction = sbom.lockedPackages();

/** Each was looked at. Another one is looked at before it is written down here. */
const MAY_RUN_AT_INSTALL: Record<string, string> = {
  '@parcel/watcher': 'brings the binary of the platform, or builds it; for development alone',
  '@scarf/scarf': 'would report the installation: switched off by scarfSettings',
  '@swc/core': 'fetches a build in WebAssembly where no binary fits the platform; for development alone',
  esbuild: 'checks its binary and replaces its command by it; the bundler works without',
  'msgpackr-extract': 'takes the binary of the platform, or builds it; goes without where it cannot',
  'unrs-resolver': 'checks the binary of the platform; for development alone',
};

describe('S20: what is installed', () => {
  it('is of versions that are named exactly', () => {
    const ranges = ['dependencies', 'devDependencies', 'overrides'].flatMap((group) =>
      Object.entries(project[group]!).filter(
        ([, version]) => !/^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+$/.test(version),
      ),
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

  it('is listed in a bill of materials, whole, without what only development needs, always the same', async () => {
    const [bill, again] = await Promise.all([sbom.makeBill(), sbom.makeBill()]);
    expect(again).toEqual(bill);
    expect(bill).toMatchObject({
      ...{ bomFormat: 'CycloneDX', metadata: { component: { name: 'roost' } } },
      serialNumber: expect.stringMatching(
        /^urn:uuid:[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
      ),
    });
    const listed = bill.components.map(({ name, version }) => `${name}@${version}`);
    expect(listed).toEqual(
      expect.arrayContaining(inProduction.map(({ name, version }) => `${name}@${version}`)),
    );
    expect(listed.filter((one) => /^(jest|eslint|typescript-eslint)@/.test(one))).toEqual([]);
    for (const { hashes } of bill.components) expect(hashes?.[0]).toMatchObject({ alg: 'SHA-512' });
  });
});

/** For what runs in production. Each lets one use, change and pass on; none asks for the source of what uses it. */
const ALLOWED = new Set(['MIT', 'ISC', '0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'Python-2.0']);
/** Their licence files were read, as their package.json does not say it in the way of SPDX. */
const READ: Record<string, string> = {
  'busboy@1.6.0': 'MIT',
  'streamsearch@1.1.0': 'MIT',
  'foreachasync@3.0.0': 'Apache-2.0',
};

describe('S48: licences of what runs in production', () => {
  /** One choice of an SPDX expression has to be allowed, with all its parts. */
  const isAllowed = (licence: string | undefined) =>
    (licence ?? '')
      .replace(/^\((.*)\)$/, '$1')
      .split(' OR ')
      .some((choice) => choice.split(' AND ').every((part) => ALLOWED.has(part.trim())));
  const problems = (packages: { name: string; version?: string; license?: string }[]) =>
    packages
      .map(({ name, version, license }) => [`${name}@${version}`, license] as const)
      .filter(([id, licence]) => !isAllowed(READ[id] ?? licence))
      .map(([id, licence]) => `${id} has the licence ${licence ?? 'nobody knows'}`);

  it('are on the list of those that are allowed', () => {
    expect(inProduction.length).toBeGreaterThan(150);
    expect(problems(inProduction)).toEqual([]);
    // Remove an entry here once its package is gone.
    const ids = inProduction.map(({ name, version }) => `${name}@${version}`);
    expect(Object.keys(READ).filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('are named with the package that breaks it', () => {
    const version = '1.0.0';
    expect(
      problems([
        { name: 'free', version, license: '(GPL-3.0 OR MIT)' },
        { name: 'viral', version, license: 'GPL-3.0-only' },
        { name: 'both', version, license: 'MIT AND AGPL-3.0-only' },
        { name: 'silent', version },
      ]),
    ).toEqual([
      'viral@1.0.0 has the licence GPL-3.0-only',
      'both@1.0.0 has the licence MIT AND AGPL-3.0-only',
      'silent@1.0.0 has the licence nobody knows',
    ]);
  });
});
