import { types } from 'node:util';

/** Value that JSON would drop or change. */
export interface JsonLoss {
  /** Path such as `result.users[2].tags`. */
  path: string;
  /** Description of the value and its JSON form. Follows the path in a sentence. */
  problem: string;
  /** Value to return instead, as a sentence. */
  cure: string;
}

type Kind = Omit<JsonLoss, 'path'>;

/** Maximum depth. Deeper values are read back as text. */
const MAX_DEPTH = 200;
const MAX_PATH = 200;
const MAX_KEY = 60;

/** Error for a value that JSON would change. */
export class JsonLossError extends Error {
  constructor(readonly loss: JsonLoss) {
    super(`${loss.path} ${loss.problem}. ${loss.cure}`);
  }
}

/**
 * Calls `JSON.stringify`, but rejects values that would not round-trip; returns undefined for undefined. Accepts the
 * result of a custom `toJSON`, undefined properties (JSON omits them) and symbol keys.
 * @throws JsonLossError with the path of the first such value, starting with `root`; and errors of getters and
 * `toJSON`.
 */
export function stringifyWhole(value: unknown, root: string): string | undefined {
  // Objects on the path to the current value, outermost first.
  const above: { holder: object; step: string }[] = [];
  return JSON.stringify(value, function (this: object, key: string, plain: unknown) {
    while (above.length > 0 && above.at(-1)!.holder !== this) above.pop();
    const isList = Array.isArray(this);
    // The first call is for JSON's wrapper around the value.
    const own = above.length === 0 ? '' : isList ? `[${key}]` : step(key);
    const kind = lossOf(plain, isList, () => (this as Record<string, unknown>)[key]) ?? nesting(plain, above);
    if (kind) {
      const path = cut(root + above.map((one) => one.step).join('') + own);
      throw new JsonLossError({ path, ...kind });
    }
    if (typeof plain === 'object' && plain !== null) above.push({ holder: plain, step: own });
    return plain;
  });
}

/** `original`: the value before its `toJSON` call. */
function lossOf(plain: unknown, isInList: boolean, original: () => unknown): Kind | undefined {
  if (plain === undefined) return isInList ? UNDEFINED : undefined;
  if (plain === null) return isInvalidDate(original()) ? INVALID_DATE : undefined;
  return typeof plain === 'object' ? objectLoss(plain) : simpleLoss(plain);
}

function nesting(value: unknown, above: readonly { holder: object }[]): Kind | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (above.some(({ holder }) => holder === value)) return CIRCLE;
  return above.length >= MAX_DEPTH ? TOO_DEEP : undefined;
}

function isInvalidDate(value: unknown): boolean {
  return types.isDate(value) && Number.isNaN(value.getTime());
}

function simpleLoss(value: unknown): Kind | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value)
        ? undefined
        : { problem: `is ${value}, of which JSON makes null`, cure: 'Return null or a text instead.' };
    case 'bigint':
      return { problem: 'is a BigInt, which JSON does not have', cure: 'Return it as text: String(n).' };
    case 'function':
      return { problem: 'is a function, which JSON leaves out', cure: 'Call it, or leave it out.' };
    case 'symbol':
      return { problem: 'is a symbol, which JSON leaves out', cure: 'Return its description as text.' };
    default:
      return undefined;
  }
}

function objectLoss(value: object): Kind | undefined {
  const isA = (what: string, cure: string): Kind => ({
    problem: `is ${what}, of which JSON keeps nothing`,
    cure,
  });
  if (types.isPromise(value) || typeof (value as { then?: unknown }).then === 'function')
    return isA('a promise that was not awaited', 'Await it first.');
  if (types.isMap(value)) return isA('a Map', 'Return Object.fromEntries(map) or [...map].');
  if (types.isSet(value)) return isA('a Set', 'Return [...set].');
  if (types.isNativeError(value) || value instanceof Error)
    return {
      problem: 'is an error, whose message JSON leaves out',
      cure: 'Return what you need of it, such as { message: error.message }, or throw it.',
    };
  if (types.isRegExp(value)) return isA('a RegExp', 'Return its source as text.');
  if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value))
    return {
      problem: `is ${article(className(value))}, of which JSON does not make a list`,
      cure: "Return Buffer.from(bytes).toString('base64') or an array of numbers.",
    };
  if (Array.isArray(value) || types.isBoxedPrimitive(value) || isPlain(value)) return undefined;
  // JSON sees neither private fields nor internal state.
  return Object.keys(value).length > 0
    ? undefined
    : isA(article(className(value)), 'Return what you need of it as a plain object, or give it a toJSON.');
}

const INVALID_DATE: Kind = {
  problem: 'is an invalid Date, of which JSON makes null',
  cure: 'Return null instead.',
};
const UNDEFINED: Kind = {
  problem: 'is undefined, of which JSON makes null in a list',
  cure: 'Return null in its place, or leave it out.',
};
const CIRCLE: Kind = {
  problem: 'is circular: it leads back to an object that holds it',
  cure: 'Leave the way back out.',
};
const TOO_DEEP: Kind = {
  problem: `is nested more than ${MAX_DEPTH} levels deep`,
  cure: 'Return it flat, or as text.',
};

/** Whether the object is an object literal, of any realm, or has no prototype. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function className(value: object): string {
  const name: unknown = (value.constructor as { name?: unknown } | undefined)?.name;
  return typeof name === 'string' && name !== '' ? name.slice(0, MAX_KEY) : 'object';
}

function article(name: string): string {
  return `${/^[AEIO]/i.test(name) ? 'an' : 'a'} ${name}`;
}

function step(key: string): string {
  if (/^[A-Za-z_$][\w$]*$/.test(key) && key.length <= MAX_KEY) return `.${key}`;
  return `[${JSON.stringify(key.length > MAX_KEY ? `${key.slice(0, MAX_KEY)}…` : key)}]`;
}

function cut(path: string): string {
  return path.length > MAX_PATH ? `${path.slice(0, MAX_PATH)}…` : path;
}
