import { RoostError, type FieldProblem } from '../model/errors.js';
import { nearName } from '../model/near-name.js';

type Readers = Record<string, (text: string) => unknown>;
type Read<R extends Readers> = { [K in keyof R]?: ReturnType<R[K]> };

/**
 * Reads the query parameters of a route, each with its function. Rejects unknown and repeated ones. A reader reports
 * a problem by throwing an `Error` whose message follows the name.
 * @throws RoostError QUERY_INVALID with every problem at once.
 */
export function readQuery<R extends Readers>(query: Record<string, unknown>, readers: R): Read<R> {
  const problems: FieldProblem[] = [];
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(query)) {
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (!reader) {
      const near = nearName(name, Object.keys(readers));
      const known = Object.keys(readers).join(', ') || 'none';
      problems.push({
        path: name,
        message: `is not known here.${near ? ` Did you mean \`${near}\`?` : ''} Known: ${known}`,
      });
    } else if (typeof value !== 'string') {
      problems.push({ path: name, message: 'may be given once only' });
    } else if (value !== '') {
      try {
        result[name] = reader(value);
      } catch (error) {
        problems.push({ path: name, message: (error as Error).message });
      }
    }
  }
  if (problems.length > 0) {
    throw new RoostError(
      'QUERY_INVALID',
      problems.map(({ path, message }) => `${path} ${message}`).join('; '),
      problems,
    );
  }
  return result as Read<R>;
}

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max)) throw new Error(`must be a whole number from ${min} to ${max}`);
    return value;
  };
}

/** Reads a comma-separated subset of `choices`. */
export function someOf<T extends string>(choices: readonly T[]): (text: string) => T[] {
  return (text) => {
    const words = text.split(',').map((word) => word.trim());
    if (!words.every((word) => (choices as readonly string[]).includes(word))) {
      throw new Error(`must be some of: ${choices.join(', ')}; separated by commas`);
    }
    return words as T[];
  };
}

export function shortText(max: number): (text: string) => string {
  return (text) => {
    if (text.length > max) throw new Error(`must be at most ${max} characters long`);
    return text;
  };
}
