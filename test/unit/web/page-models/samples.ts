import type { TaskView } from '../../../../src/model/task-view.js';
import type { FormType } from '../../../../src/web/submit/submit-page.js';

/** Every moment of these samples is told from here. */
export const NOW = Date.parse('2026-11-23T10:00:00.000Z');

export function ago(ms: number): string {
  return new Date(NOW - ms).toISOString();
}

export function sampleTask(parts: Partial<TaskView> = {}): TaskView {
  const id = parts.id ?? 't1hq7vabcdefghjkmnpqrs42ab';
  const name = encodeURIComponent(id);
  const self = `/api/v1/tasks/${name}`;
  return {
    id,
    type: 'divide',
    queue: 'default',
    state: 'completed',
    input: { x: 10, y: 4 },
    result: { quotient: 2.5 },
    error: null,
    progress: null,
    attempts: { made: 1, max: 1 },
    priority: 0,
    tags: [],
    createdAt: ago(10_000),
    startedAt: ago(9_000),
    finishedAt: ago(7_760),
    waitMs: 1_000,
    runMs: 1_240,
    worker: 'host-1',
    links: { self, page: `/tasks/${name}`, events: `${self}/events`, logs: `${self}/logs` },
    ...parts,
  };
}

export function sampleType(parts: Partial<FormType> = {}): FormType {
  return {
    name: 'divide',
    title: 'Divide',
    summary: 'Long division.',
    queue: 'default',
    attempts: 3,
    backoff: { type: 'exponential', delayMs: 1_000 },
    fields: [
      { name: 'x', title: 'Dividend', kind: 'number', required: true, prefill: 22 },
      { name: 'note', title: 'Note', kind: 'textarea', required: false, help: 'Anything.' },
    ],
    ...parts,
  };
}
