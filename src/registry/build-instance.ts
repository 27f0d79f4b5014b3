import { plainToInstance } from 'class-transformer';
import type { FieldProblem } from '../model/errors.js';
import { collectFaults, type ClassFault } from './class-faults.js';
import { describeValue } from './describe-schema.js';
import type { InputClass } from './input-metadata.js';

/**
 * An instance with these values and the defaults of the class; undefined where its own code does not let it come about.
 * Errors thrown by that code are added to `faults`.
 */
export function buildInstance(
  inputClass: InputClass,
  isTransformed: boolean,
  values: Record<string, unknown>,
  faults: ClassFault[],
): object | undefined {
  const build = (some: Record<string, unknown>) =>
    collectFaults(faults, () =>
      isTransformed ? plainToInstance(inputClass, some) : assign(inputClass, some),
    );
  try {
    return build(values);
  } catch (error) {
    // Tries the values one by one to find the failing one.
    const before = faults.length;
    for (const [property, value] of Object.entries(values)) {
      try {
        build({ [property]: value });
      } catch (own) {
        faults.push({ object: values, property, what: 'its class', error: own });
      }
    }
    if (faults.length === before) faults.push({ what: 'the class of the input', error });
    return undefined;
  }
}

function assign(inputClass: InputClass, values: Record<string, unknown>): object {
  return Object.assign(new inputClass(), values);
}

/** Whether every field can be read; a getter that throws is added to `faults`. */
export function canBeRead(instance: object, names: readonly string[], faults: ClassFault[]): boolean {
  const before = faults.length;
  for (const property of names) {
    try {
      void (instance as Record<string, unknown>)[property];
    } catch (error) {
      faults.push({ object: instance, property, what: 'its getter', error });
    }
  }
  return faults.length === before;
}

/** As problems of the fields they are about: what was sent is not what the code of the class expects. */
export function toFieldProblems(faults: readonly ClassFault[], roots: readonly object[]): FieldProblem[] {
  const problems = new Map<string, string>();
  for (const { object, property, what } of faults) {
    const owner = object && roots.map((root) => pathTo(root, object, 'input')).find(Boolean);
    const isKnown = owner !== undefined && property !== undefined;
    const path = isKnown ? `${owner}.${property}` : 'input';
    const found = isKnown ? ` on ${describe(object!, property)}` : '';
    if (!problems.has(path)) {
      problems.set(path, `could not be checked: ${what} failed${found}; the log has the reason`);
    }
  }
  return [...problems].map(([path, message]) => ({ path, message }));
}

function describe(object: object, property: string): string {
  try {
    return describeValue((object as Record<string, unknown>)[property]);
  } catch {
    return 'this value';
  }
}

function pathTo(from: unknown, wanted: object, path: string, depth = 0): string | undefined {
  if (from === wanted) return path;
  if (typeof from !== 'object' || from === null || depth > 64) return undefined;
  for (const name of Object.keys(from)) {
    let inner: unknown;
    try {
      inner = (from as Record<string, unknown>)[name];
    } catch {
      continue;
    }
    const found = pathTo(
      inner,
      wanted,
      Array.isArray(from) ? `${path}[${name}]` : `${path}.${name}`,
      depth + 1,
    );
    if (found) return found;
  }
  return undefined;
}
