import type { Scope, Type } from '@nestjs/common';
import {
  INJECTABLE_WATERMARK,
  OPTIONAL_DEPS_METADATA,
  OPTIONAL_PROPERTY_DEPS_METADATA,
  PARAMTYPES_METADATA,
  PROPERTY_DEPS_METADATA,
  SCOPE_OPTIONS_METADATA,
  SELF_DECLARED_DEPS_METADATA,
} from '@nestjs/common/constants.js';

/** One dependency that Nest injects into a class, from the metadata of its decorators. */
export interface Dependency {
  /** Injection token: a class, a text or a symbol. Undefined where the class did not exist yet when it was named. */
  token: unknown;
  /** `parameter 1 of its constructor` or `its property mailer`. */
  place: string;
  /** Named with `@Inject(...)`, not by the type alone. */
  isNamed: boolean;
  isOptional: boolean;
  /** Given by `forwardRef`, which lets two classes need each other. */
  isForward: boolean;
}

/** Reads what Nest reads, in the same way: parameters of the constructor, then properties with `@Inject`. */
export function dependenciesOf(provider: Type): Dependency[] {
  const types = [...((Reflect.getMetadata(PARAMTYPES_METADATA, provider) ?? []) as unknown[])];
  const named = (Reflect.getMetadata(SELF_DECLARED_DEPS_METADATA, provider) ?? []) as {
    index: number;
    param: unknown;
  }[];
  const optional = (Reflect.getOwnMetadata(OPTIONAL_DEPS_METADATA, constructorOwner(provider)) ??
    []) as number[];
  for (const { index, param } of named) types[index] = param;
  const parameters = Array.from(types, (token, index) => ({
    ...resolve(token),
    place: `parameter ${index + 1} of its constructor`,
    isNamed: named.some((one) => one.index === index),
    isOptional: optional.includes(index),
  }));
  const properties = (Reflect.getMetadata(PROPERTY_DEPS_METADATA, provider) ?? []) as {
    key: PropertyKey;
    type: unknown;
  }[];
  const optionalKeys = (Reflect.getMetadata(OPTIONAL_PROPERTY_DEPS_METADATA, provider) ??
    []) as PropertyKey[];
  return [
    ...parameters,
    ...properties.map(({ key, type }) => ({
      ...resolve(type),
      place: `its property ${String(key)}`,
      isNamed: true,
      isOptional: optionalKeys.includes(key),
    })),
  ];
}

/** A class marked with a decorator of Nest's; one that extends it is not. */
export function isInjectable(value: unknown): value is Type {
  return typeof value === 'function' && Reflect.hasOwnMetadata(INJECTABLE_WATERMARK, value);
}

export function scopeOf(provider: Type): Scope | undefined {
  return (Reflect.getMetadata(SCOPE_OPTIONS_METADATA, provider) as { scope?: Scope } | undefined)?.scope;
}

function resolve(token: unknown): Pick<Dependency, 'token' | 'isForward'> {
  if (typeof token !== 'object' || token === null || !('forwardRef' in token)) {
    return { token, isForward: false };
  }
  try {
    return { token: (token as { forwardRef: () => unknown }).forwardRef(), isForward: true };
  } catch {
    return { token: undefined, isForward: true };
  }
}

/** The class whose constructor runs: one without its own has that of its parent. */
function constructorOwner(provider: Type): Type {
  const keys = [PARAMTYPES_METADATA, OPTIONAL_DEPS_METADATA, SELF_DECLARED_DEPS_METADATA];
  for (
    let current: unknown = provider;
    typeof current === 'function' && current !== Function.prototype;
    current = Object.getPrototypeOf(current)
  ) {
    const owner = current;
    if (keys.some((key) => Reflect.hasOwnMetadata(key, owner))) return owner as Type;
  }
  return provider;
}
