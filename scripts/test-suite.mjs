// The steps of `npm test`. The last line is the count; the exit code is 0 only when every test passed.
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuild } from './build-command.mjs';
import { ensureChromium } from './chromium.mjs';
import { onEnding } from './signals.mjs';
import { RedisSupervisor } from './supervisor-client.mjs';
import { ensurePackages } from './packages.mjs';
import { anyFreePort } from './ports.mjs';
import { endPrograms, runProgram } from './programs.mjs';
import { inRoot, programs, root } from './project.mjs';
import { ensurePromtool } from './promtool.mjs';
import { FLEETING, localUrl } from './redis-embedded.mjs';
import { findRedis, redisEnvironment } from './redis-find.mjs';
import { coloured, Halt, note, print, printFailure, step } from './terminal.mjs';

const JEST = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', programs.jest];
/** Settings of a developer's own Roost that must not reach the tests, above all its Redis. */
const SETTINGS =
  /^(HOST|PORT|NO_COLOR|FORCE_COLOR|(REDIS|QUEUE|WORKER|SHUTDOWN|LOG|HISTORY|TASK_RETENTION)_\w+)$/;

/**
 * Beside what `npm test` runs, `*.spec.ts`, there are tests of other kinds, `test/<kind>/*.<kind>.ts`: too long for every
 * time, and one at once, as each of them wants the machine for itself.
 */
const onlyOf = (kind) => ['-i', `--testMatch=<rootDir>/test/${kind}/**/*.(spec|${kind}).ts`];

const EVERYTHING = { build: true, redis: true };

/** Only the specs that run the apps need them compiled; a few unit tests should not wait for that, nor for Redis. */
function needsOf(args) {
  const isIn = (folders) =>
    args.every((arg) => new RegExp(`(^|/)(${folders})(/|$)`).test(arg) || arg.startsWith('-'));
  return { build: !isIn('unit|conformance|integration'), redis: !isIn('unit|conformance') };
}

const PROMTOOL_SPEC = 'test/e2e/prometheus.spec.ts';

let guard;
let ending = false;
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'roost-test-')));

export async function test(args, { kind } = {}) {
  onEnding((signal, count) => {
    ending = true;
    endPrograms(count > 1 ? 'SIGKILL' : 'SIGTERM');
    void finish(130);
  });
  const whole = args.length === 0 && !kind;
  const counts = { passed: 0, failed: 0, skipped: 0 };
  try {
    print();
    await step('Packages', 'checking the npm packages', ensurePackages);
    const needs = whole || kind ? EVERYTHING : needsOf(args);
    if (needs.build) await step('Build', 'checking the build', ensureBuild);
    const redis = needs.redis ? await startRedis() : undefined;
    const chromium = needs.build && !kind ? await findChromium() : {};
    const promtool =
      whole || args.some((arg) => PROMTOOL_SPEC.includes(arg)) ? await findPromtool(counts) : {};
    if (whole) await checkTypes(counts);
    const env = testEnvironment(redis, chromium.bin, promtool.bin);
    await runJest(kind ? [...args, ...onlyOf(kind)] : args, env, chromium, counts);
    if (chromium.missing) await skipBrowserSpecs(args, env, chromium, counts);
  } catch (error) {
    if (ending) return;
    printFailure(error);
    counts.failed++;
  }
  if (ending) return;
  const skipped = counts.skipped ? `, ${counts.skipped} skipped` : '';
  await finish(counts.failed ? 1 : 0, `${counts.passed} passed, ${counts.failed} failed${skipped}`);
}

async function finish(exitCode, line) {
  await guard?.stop();
  rmSync(scratch, { recursive: true, force: true });
  if (line) print(line);
  process.exit(exitCode);
}

async function startRedis() {
  let redis;
  await step('Redis', 'looking for a redis-server', async (update) => {
    redis = await findRedis(update);
    redis.port = await anyFreePort();
    guard = new RedisSupervisor();
    const dir = join(scratch, 'redis');
    await guard.begin({ ...redis, env: redisEnvironment(redis), args: FLEETING, dir, removeDir: true }, 0);
    return `${redis.version} on 127.0.0.1:${redis.port}, for this run only`;
  });
  return redis;
}

async function findChromium() {
  let chromium;
  await step('Browser', 'looking for Chromium or Chrome', async (update) => {
    chromium = await ensureChromium(update);
    return chromium.bin ?? 'none: the browser tests are skipped';
  });
  if (chromium.missing) note(`${chromium.missing}\n    ${chromium.cure}`);
  return chromium;
}

/** Without it Jest counts its tests as skipped. */
async function findPromtool(counts) {
  let promtool;
  await step('Promtool', "looking for Prometheus's promtool", async (update) => {
    promtool = await ensurePromtool(update);
    return promtool.bin ?? 'none: the tests of rules and dashboard are skipped';
  });
  if (!promtool.missing) return promtool;
  note(`${promtool.missing}\n    ${promtool.cure}`);
  if (process.env.CI === 'true') {
    counts.failed++;
    note('The tests of rules and dashboard did not run, and with CI=true that is a failure.');
  }
  return promtool;
}

/** Jest only strips the types; a mistake in them counts as one failed test. */
async function checkTypes(counts) {
  try {
    await step('Types', 'checking the types of src and test', async () => {
      const args = [
        programs.tsc,
        '--noEmit',
        '-p',
        inRoot('tsconfig.test.json'),
        '--pretty',
        String(coloured),
      ];
      const { code, output } = await runProgram(process.execPath, args, { cwd: root });
      if (code !== 0) throw new Halt('The types do not fit.', output.trim().split('\n'));
      return 'fit';
    });
  } catch (error) {
    printFailure(error);
    counts.failed++;
  }
}

function testEnvironment(redis, chrome, promtool) {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SETTINGS.test(name)));
  return {
    ...own,
    ...(coloured ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }),
    TEST_RUN_FOLDER: scratch,
    ...(redis
      ? {
          TEST_REDIS_URL: localUrl(redis.port),
          TEST_REDIS_SERVER_BIN: redis.bin,
          TEST_REDIS_LIB: redis.libraries ?? '',
        }
      : {}),
    ...(chrome ? { CHROME_BIN: chrome } : {}),
    ...(promtool ? { PROMTOOL_BIN: promtool } : {}),
  };
}

async function runJest(args, env, chromium, counts) {
  const without = chromium.missing
    ? ['--passWithNoTests', '--testPathIgnorePatterns', '/test/browser/', '/node_modules/']
    : [];
  print();
  const { code, results } = await jest([...args, ...without], env, 'inherit');
  print();
  const failedFiles = results?.numRuntimeErrorTestSuites ?? 0;
  counts.passed += results?.numPassedTests ?? 0;
  counts.skipped += (results?.numPendingTests ?? 0) + (results?.numTodoTests ?? 0);
  const failed = (results?.numFailedTests ?? 0) + failedFiles;
  // Without a results file no test is known to have passed, whatever Jest's exit code.
  const unsure = failed === 0 && (code !== 0 || !results);
  if (unsure && !ending) {
    note(
      results
        ? `Jest found fault beside the tests (exit code ${code}).`
        : `Jest ended without a result (exit code ${code}).`,
    );
  }
  counts.failed += failed || (unsure ? 1 : 0);
}

/** Counted by Jest itself, with a name that no test has: what would have run and did not. */
async function skipBrowserSpecs(args, env, chromium, counts) {
  const patterns = args.filter((arg) => !arg.startsWith('-'));
  if (patterns.length && !patterns.some((pattern) => 'test/browser/'.includes(pattern))) return;
  const { results } = await jest(['/test/browser/', '--passWithNoTests', '-t', '(?!)'], env, 'ignore');
  const count = results?.numTotalTests ?? 0;
  if (process.env.CI === 'true') {
    counts.failed += count || 1;
    note(`${count} browser tests did not run, and with CI=true that is a failure.`);
  } else counts.skipped += count;
}

async function jest(args, env, output) {
  // The results go to a file: what tests print (their figures) goes to standard output, and would tear them apart there.
  const file = join(scratch, 'results.json');
  rmSync(file, { force: true });
  const stdio = ['ignore', 'pipe', output];
  const { code, output: text } = await runProgram(
    process.execPath,
    [...JEST, '--json', `--outputFile=${file}`, ...args],
    { cwd: root, env, stdio },
  );
  const figures = text
    .split('\n')
    .filter((line) => line.trim() && !line.startsWith('Test results written to'));
  if (output === 'inherit') for (const line of figures) print(line);
  return { code, results: parsed(file) };
}

function parsed(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
