import type { Type } from '@nestjs/common';
import type { TaskHandler } from '../task-api/task-handler.js';
import type { Backoff } from '../task-api/task.decorator.js';

/** JSON Schema, draft 2020-12; only the keywords the code itself reads are named. */
export interface JsonSchema {
  $schema?: string;
  type?: string | string[];
  title?: string;
  description?: string;
  default?: unknown;
  examples?: unknown[];
  enum?: unknown[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  format?: string;
  [keyword: string]: unknown;
}

export type FieldKind = 'text' | 'textarea' | 'integer' | 'number' | 'boolean' | 'select' | 'json';

/** One field of a form, drawn from a property of the input class. */
export interface FormField {
  name: string;
  title: string;
  help?: string;
  /** `json`: a textarea that takes JSON, for lists and nested objects. */
  kind: FieldKind;
  /** The form cannot be sent without it: no default and not optional. Never true of a checkbox. */
  required: boolean;
  unit?: string;
  placeholder?: string;
  /** Value of the field when it is left out; JSON. */
  default?: unknown;
  /** Value that an untouched form shows; JSON, not yet text. */
  prefill?: unknown;
  min?: number;
  max?: number;
  maxLength?: number;
  choices?: { value: string; label: string }[];
}

/** Everything the rest of the house knows about a kind of work, with all defaults filled in. */
export interface TaskType {
  name: string;
  title: string;
  /** Empty where the type gives none. */
  summary: string;
  queue: string;
  attempts: number;
  backoff: Backoff;
  softTimeoutMs?: number;
  hardTimeoutMs?: number;
  resultLimitBytes: number;
  /** Runs in a child process; the three below are about that and mean nothing without it. */
  isolate: boolean;
  cancelGraceMs: number;
  maxTasksPerChild?: number;
  maxChildMemoryMb: number;
  inputClass: new () => object;
  // The parameters are what Nest injects; nobody else calls it.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  handlerClass: new (...args: any[]) => TaskHandler;
  /** Providers that a worker registers to build the handler: all exported injectable classes of its folder, the handler included. */
  providers: Type[];
  fields: FormField[];
  /** Schema of the input: an object without additional properties, with titles, descriptions, defaults and examples. */
  schema: JsonSchema;
}
