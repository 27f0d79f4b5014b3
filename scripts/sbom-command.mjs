// The bill of materials of package-lock.json, CycloneDX as JSON: the same lock gives the same bytes.
//   npm run sbom                 to sbom.cdx.json
//   npm run sbom -- bom.json     to another file; - is standard output
//   npm run sbom -- --dev        with what is only needed to develop
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { npmProgram } from './packages.mjs';
import { runProgram } from './programs.mjs';
import { inRoot, root } from './project.mjs';
import { Halt, print, printFailure } from './terminal.mjs';

const USAGE = ['npm run sbom', 'npm run sbom -- <file or -> [--dev]'];

export async function main(args) {
  try {
    const { file, dev } = readArguments(args);
    const text = `${JSON.stringify(await makeBill({ dev }), null, 2)}\n`;
    if (file === '-') return void process.stdout.write(text);
    const target = file ? resolve(process.env.INIT_CWD ?? process.cwd(), file) : inRoot('sbom.cdx.json');
    writeFileSync(target, text);
    print(`${JSON.parse(text).components.length} components in ${target}`);
  } catch (error) {
    process.exitCode = printFailure(error);
  }
}

function readArguments(args) {
  let parsed;
  try {
    parsed = parseArgs({ args, allowPositionals: true, options: { dev: { type: 'boolean' } } });
  } catch (error) {
    throw new Halt(error.message.split('. ')[0], USAGE, 2);
  }
  const [file, ...more] = parsed.positionals;
  if (more.length > 0) throw new Halt(`One file, please; these are ${more.length + 1}.`, USAGE, 2);
  return { file, dev: parsed.values.dev === true };
}

/** Returns the bill of materials of the lockfile, sorted, without the values that change with each call of npm. */
export async function makeBill({ dev = false } = {}) {
  const bill = await askNpm();
  // npm's own --omit=dev leaves out whatever development needs as well, express among it.
  const wanted = new Set(lockedPackages({ dev }).map(({ name, version }) => `${name}@${version}`));
  const components = bill.components.filter((one) => wanted.has(`${one.name}@${one.version}`));
  const missing = [...wanted].filter((id) => !components.some((one) => `${one.name}@${one.version}` === id));
  if (missing.length > 0) throw new Halt(`npm sbom leaves out ${missing.join(', ')}.`);
  const refs = new Set([bill.metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])]);
  const { name: _folder, ...self } = bill.metadata.component;
  const { timestamp: _now, ...metadata } = bill.metadata;
  const content = {
    metadata: {
      ...metadata,
      component: { ...self, name: JSON.parse(readFileSync(inRoot('package.json'))).name },
    },
    components: sortBy(components, 'bom-ref'),
    dependencies: sortBy(
      bill.dependencies
        .filter(({ ref }) => refs.has(ref))
        .map(({ ref, dependsOn = [] }) => ({
          ref,
          dependsOn: dependsOn.filter((one) => refs.has(one)).sort(),
        })),
      'ref',
    ),
  };
  const { $schema, bomFormat, specVersion, version } = bill;
  return { $schema, bomFormat, specVersion, serialNumber: serialOf(content), version, ...content };
}

/** Name, version and licence of each package of the lock; `dev`: with what is only needed to develop. */
export function lockedPackages({ dev = false } = {}) {
  const { packages } = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8'));
  return Object.entries(packages)
    .filter(([path, one]) => path !== '' && (dev || !one.dev))
    .map(([path, { name, version, license, optional = false }]) => ({
      ...{ path, version, license, optional },
      name: name ?? path.replace(/^.*node_modules\//, ''),
    }));
}

async function askNpm() {
  const npm = npmProgram();
  const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--loglevel=error'];
  const { code, output } = await runProgram(npm.file, [...npm.args, ...args], {
    cwd: root,
    shell: npm.shell,
  });
  try {
    return JSON.parse(output.slice(output.indexOf('{')));
  } catch {
    throw new Halt(
      `npm sbom gave no bill of materials (exit code ${code}). Output of npm:`,
      output.trim().split('\n').slice(-10),
    );
  }
}

function sortBy(list, field) {
  return [...list].sort((a, b) => (a[field] < b[field] ? -1 : a[field] > b[field] ? 1 : 0));
}

/** A UUID (version 8) from the content: another content has another one. */
function serialOf(content) {
  const hex = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  const variant = ((parseInt(hex[16], 16) & 3) | 8).toString(16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
