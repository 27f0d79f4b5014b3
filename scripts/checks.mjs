// The checks of `npm run check`. All of them run, so that one run shows everything that is wrong.
import { onEnding } from './signals.mjs';
import { ensurePackages } from './packages.mjs';
import { endPrograms, runProgram } from './programs.mjs';
import { inRoot, programs, root } from './project.mjs';
import { abandonStep, coloured, Halt, print, printFailure, step } from './terminal.mjs';

const CHECKS = [
  ['Format', 'prettier', programs.prettier, ['--check', '--log-level=warn', '.'], 'npm run format'],
  ['Lint', 'eslint', programs.eslint, ['.', '--max-warnings=0', coloured ? '--color' : '--no-color']],
  [
    'Imports',
    'dependency-cruiser',
    programs.depcruise,
    ['--config', '.dependency-cruiser.cjs', 'src', 'test'],
  ],
  ['Words', 'words that Roost does not use', inRoot('scripts/words.mjs'), []],
  ['Types', 'tsc', programs.tsc, ['--noEmit', '-p', 'tsconfig.test.json', '--pretty', String(coloured)]],
  ['Tests', 'unit and conformance tests', inRoot('scripts/test.mjs'), ['unit/', 'conformance/', '--silent']],
];

export async function check() {
  let ending = false;
  onEnding(() => {
    ending = true;
    abandonStep();
    endPrograms();
    process.exit(130);
  });
  const failures = [];
  print();
  try {
    await step('Packages', 'checking the npm packages', ensurePackages);
  } catch (error) {
    process.exit(printFailure(error));
  }
  for (const [name, words, program, args, cure] of CHECKS) {
    try {
      await step(name, words, async () => {
        const { code, output } = await runProgram(process.execPath, [program, ...args], { cwd: root });
        if (code !== 0)
          throw new Halt(`${name}: ${words}`, [output.trim(), ...(cure ? ['', `Cure: ${cure}`] : [])]);
        return `${words} ${
          output
            .trim()
            .split('\n')
            .at(-1)
            .match(/\d+ passed.*/)?.[0] ?? 'found nothing'
        }`;
      });
    } catch (error) {
      if (ending) return;
      failures.push(error);
    }
  }
  print();
  for (const failure of failures) printFailure(failure);
  process.exit(failures.length ? 1 : 0);
}
