import { ERRORS, type RoostError } from '../../model/errors.js';

/** Reason of a refusal, shown beside its control. */
export interface FormError {
  title: string;
  text: string;
  /** Problems of single fields, by the label of the form or the name of a value. */
  fields: { path: string; name: string; message: string }[];
}

/** Refused form: the name of its control, with the typed texts. */
export interface RefusedForm {
  control: string;
  trouble: FormError;
  typed: Record<string, string | undefined>;
}

/** Labels of fields that forms share. A path without a label is shown itself. */
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

export function toFormError(error: RoostError): FormError {
  const fields = (error.fields ?? []).map(({ path, message }) => ({
    path,
    name: LABELS[path] ?? path,
    message,
  }));
  const title = error.code === 'REQUEST_INVALID' ? 'Not done yet' : ERRORS[error.code].title;
  return { title, text: fields.length > 0 ? '' : error.detail, fields };
}

/** Returns the part of a refusal that belongs to one control. */
export function formErrorAt(refusal: RefusedForm | undefined, control: string): RefusedForm | undefined {
  return refusal?.control === control ? refusal : undefined;
}
