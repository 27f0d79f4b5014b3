import { StartupError } from '../platform/startup-error.js';

/** The task types are not fit to start with. Holds every problem found, each with its cure. */
export class RegistryError extends StartupError {
  override name = 'RegistryError';

  constructor(readonly problems: readonly string[]) {
    const count = problems.length === 1 ? 'is a problem' : `are ${problems.length} problems`;
    super(`There ${count} with the task types:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}
