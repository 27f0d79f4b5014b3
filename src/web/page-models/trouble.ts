import { ERRORS, type RoostError } from '../../contract/errors.js';

/** Why something was not done, said beside the control it was asked by. */
export interface Trouble {
  title: string;
  text: string;
  /** What was wrong with single fields, as a label of the form or the name of a value. */
  fields: { path: string; name: string; message: string }[];
}

/** What was not done: by the name of its control, with what had been typed. */
export interface Refusal {
  control: string;
  trouble: Trouble;
  typed: Record<string, string | undefined>;
}

/** Labels of the fields that forms share; a path stands for itself where it has none. */
const LABELS: Record<string, string> = {
  reason: 'Why',
  for: 'For how long',
  until: 'Until',
  concurrency: 'At once',
  min: 'At least',
  max: 'At most',
  softTimeout: 'Asked to stop after',
  softTimeoutMs: 'Asked to stop after',
  hardTimeout: 'Fails after',
  hardTimeoutMs: 'Fails after',
  rateMax: 'Starts',
  rate: 'Starts',
  name: 'The name',
  age: 'The age',
  state: 'The state',
  queue: 'The queue',
  number: 'The number',
  to: 'The queue',
};

export function toTrouble(error: RoostError): Trouble {
  const fields = (error.fields ?? []).map(({ path, message }) => ({
    path,
    name: LABELS[path] ?? path,
    message,
  }));
  const title = error.code === 'REQUEST_INVALID' ? 'Not done yet' : ERRORS[error.code].title;
  return { title, text: fields.length > 0 ? '' : error.detail, fields };
}

/** The part of a refusal that belongs to one control. */
export function troubleAt(refusal: Refusal | undefined, control: string): Refusal | undefined {
  return refusal?.control === control ? refusal : undefined;
}
