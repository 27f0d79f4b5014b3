import { describe, expect, it } from '@jest/globals';
import { join } from 'node:path';
import { projectRoot, TestProcess } from '../support/processes.js';
import { ScratchBuild } from '../support/scratch-build.js';
import { nightly, printFigures } from './support/figures.js';
import { Random } from './support/random.js';

const random = Random.ofRun();
const SECONDS = nightly(300, 8);
const SUPPORT = join(projectRoot, 'test/chaos/support');

interface Answer {
  runs: number;
  committed: number;
  found: number;
  blocks: number;
  blocksFromCorpus: number;
  findings: { input: string; says: string }[];
}

/** `node` alone: nothing but the function and what it imports is watched. */
async function fuzz(target: string, root = projectRoot, seconds = SECONDS): Promise<Answer> {
  const args = [
    join(SUPPORT, 'coverage-fuzzer.mjs'),
    join(SUPPORT, 'fuzz-targets.mjs'),
    target,
    join(projectRoot, `test/chaos/corpus/${target}.json`),
    String(seconds),
    String(random.seed),
  ];
  const run = new TestProcess(`fuzz ${target}`, process.execPath, args, {
    cwd: projectRoot,
    env: { DIST: join(root, 'dist') },
  });
  const { code } = await run.ended;
  if (code !== 0) throw new Error(run.output);
  return JSON.parse(run.output) as Answer;
}

/*
 * @jazzer.js/core 4.0.0 was tried: its addon needs glibc 2.38 (Debian 12 has 2.36), and what it installs is more than all
 * of our own tools. V8 tells the same coverage to 150 lines.
 */
describe('F3: functions that take text from outside, fuzzed where it leads to code not seen before', () => {
  it.each(['query', 'ids', 'redactor', 'csv', 'form'])(
    'keeps its word: %s',
    async (target) => {
      const { findings, ...figures } = await fuzz(target);
      printFigures('F3 coverage-guided fuzz', random, {
        target,
        seconds: SECONDS,
        ...figures,
        findings: findings.length,
      });
      expect(findings).toEqual([]);
      // It did run, and all that the corpus is for was reached.
      expect(figures.runs).toBeGreaterThan(figures.committed + 100);
      expect(figures.blocks).toBeGreaterThan(0);
    },
    (SECONDS + 60) * 1000,
  );

  it('finds a fault that is put in (control, must fail)', async () => {
    const build = new ScratchBuild('task-types-chaos');
    try {
      build.edit('dist/search/csv.js', /const FORMULA = \/\^\[=\+/, 'const FORMULA = /^[=');
      const { findings, runs } = await fuzz('csv', build.folder, 60);
      printFigures('F3 control: a formula that is not disarmed', random, { runs, findings: findings.length });
      expect(findings).not.toEqual([]);
    } finally {
      build.remove();
    }
  }, 120_000);
});
