import { ValidateBy } from 'class-validator';
import { parseProblem } from './parse-problem.js';

/** Validates a setting with its parser. Messages of the parser follow the name of the setting. */
export function IsParsable(name: string, parse: (text: string) => unknown): PropertyDecorator {
  const problem = (value: unknown) => parseProblem(parse, String(value ?? ''));
  return ValidateBy({
    name,
    validator: {
      validate: (value) => problem(value) === undefined,
      defaultMessage: (args) => problem(args?.value) ?? '',
    },
  });
}
