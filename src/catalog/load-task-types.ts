import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Type } from '@nestjs/common';
import { INJECTABLE_WATERMARK } from '@nestjs/common/constants.js';
import { findTaskOptions } from '../contract/task.decorator.js';
import { QUEUE_NAMES } from '../contract/queues.js';
import { CatalogError } from './catalog-error.js';
import { checkTaskType } from './check-task-type.js';
import type { TaskType } from './task-type.js';
import { toTaskType } from './to-task-type.js';

/** `.js` in the build, `.ts` where TypeScript is run as it is: the same as this very file. */
const EXTENSION = extname(fileURLToPath(import.meta.url));
const TASK_SUFFIX = `.task${EXTENSION}`;
const KEBAB_CASE = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

export interface LoadOptions {
  /** Queues a task type may name. Defaults to all there are. */
  queues?: readonly string[];
}

/** Where the task types stand when nothing else is said: beside this folder, in `src` as in the build. */
export function defaultTaskTypesDir(): string {
  return fileURLToPath(new URL('../task-types', import.meta.url));
}

/**
 * Reads, imports and checks all task types of a folder: one folder each, named like the type, with
 * `<name>.task` in it. The other files of such a folder are imported as well, for their injectable classes.
 * @throws CatalogError with every problem of every type, each with its cure.
 */
export async function loadTaskTypes(dir: string, options: LoadOptions = {}): Promise<TaskType[]> {
  const problems: string[] = [];
  const types: TaskType[] = [];
  for (const folder of await folders(dir, problems)) {
    const loaded = await loadFolder(join(dir, folder), folder, problems);
    if (loaded) types.push(loaded);
  }
  const queues = options.queues ?? QUEUE_NAMES;
  for (const type of types) problems.push(...(await checkTaskType(type, queues)));
  problems.push(...duplicates(types));
  if (problems.length > 0) throw new CatalogError(problems);
  return types.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function folders(dir: string, problems: string[]): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new CatalogError([`The folder of the task types cannot be read: ${error.message}. Create ${dir}.`]);
  });
  for (const entry of entries) {
    if (entry.isDirectory() || !entry.name.endsWith(TASK_SUFFIX)) continue;
    const name = basename(entry.name, TASK_SUFFIX);
    problems.push(`${entry.name}: stands alone. Move it into a folder of its own: ${name}/${entry.name}.`);
  }
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort();
}

async function loadFolder(path: string, folder: string, problems: string[]): Promise<TaskType | undefined> {
  const report = (problem: string) => void problems.push(`${folder}: ${problem}`);
  if (!KEBAB_CASE.test(folder)) {
    report(`the name is not in kebab-case. Use lower-case words joined by "-", such as send-email.`);
  }
  const files = (await readdir(path)).filter(isModule).sort();
  const taskFile = `${folder}${TASK_SUFFIX}`;
  for (const file of files.filter((name) => name.endsWith(TASK_SUFFIX) && name !== taskFile)) {
    const name = basename(file, TASK_SUFFIX);
    report(`${file} is not named like its folder. Rename it to ${taskFile}, or the folder to ${name}.`);
  }
  if (!files.includes(taskFile)) {
    report(
      `there is no ${taskFile}. Create it with a class marked @Task({ name: '${folder}', ... }), or remove the folder.`,
    );
    return undefined;
  }
  const classes = new Map<string, Set<Type>>();
  for (const file of files) {
    const exported = await import(pathToFileURL(join(path, file)).href).catch((error: unknown) => {
      report(`${file} cannot be loaded: ${messageOf(error)}`);
    });
    classes.set(file, new Set(Object.values(exported ?? {}).filter(isInjectable)));
  }
  if (!classes.has(taskFile)) return undefined;
  return pickHandler(folder, taskFile, classes, report);
}

function pickHandler(
  folder: string,
  taskFile: string,
  classes: Map<string, Set<Type>>,
  report: (problem: string) => void,
): TaskType | undefined {
  const handlers = [...new Set([...classes.values()].flatMap((set) => [...set]))].filter(findTaskOptions);
  const [handler] = [...(classes.get(taskFile) ?? [])].filter(findTaskOptions);
  if (handlers.length > 1) {
    const names = handlers.map((one) => one.name).join(' and ');
    report(
      `there are ${handlers.length} @Task classes, ${names}. Keep one; give each other a folder of its own.`,
    );
    return undefined;
  }
  if (!handler) {
    report(
      `${taskFile} exports no class marked with @Task. Mark the handler with @Task({ ... }) and export it.`,
    );
    return undefined;
  }
  const providers = [...new Set([...classes.values()].flatMap((set) => [...set]))];
  const options = findTaskOptions(handler)!;
  if (options.name !== folder) {
    report(
      `@Task is named '${options.name}'. Make it name: '${folder}', or rename the folder and ${taskFile} to it.`,
    );
  }
  if (typeof options.input !== 'function') {
    report(
      `${handler.name} has no input class. Declare it above the handler and name it: @Task({ input: ... }).`,
    );
    return undefined;
  }
  try {
    return toTaskType(options, handler as TaskType['handlerClass'], providers);
  } catch (error) {
    report(`no schema can be made of ${options.input.name}: ${messageOf(error)}`);
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function isModule(file: string): boolean {
  return file.endsWith(EXTENSION) && !/\.(d|spec|test)\.[jt]s$/.test(file);
}

function isInjectable(value: unknown): value is Type {
  return typeof value === 'function' && Reflect.hasOwnMetadata(INJECTABLE_WATERMARK, value);
}

function duplicates(types: TaskType[]): string[] {
  const names = types.map((type) => type.name);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [...twice].map(
    (name) => `${name}: two folders declare a task type of this name. Rename one of them.`,
  );
}
