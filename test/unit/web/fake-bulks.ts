import type { BulkStart } from '../../../src/bulk-actions/bulk-request.js';

/** Bulk actions that only remember that they were ordered. */
export class FakeBulks {
  readonly started: BulkStart[] = [];

  deleteOne(id: string, { by, undoMs }: { by: string; undoMs: number }) {
    return this.start({ action: 'delete', ids: [`default/${id}`], by, undoMs });
  }

  async start(start: BulkStart) {
    this.started.push(start);
    return { id: 'b1', links: { page: '/tasks/bulk/b1' } };
  }
}
