import type { PlanNode } from './search/search-plan.js';

export interface TallyRow {
  queue: number;
  type: number;
  worker: number;
  state: number;
  n: number;
}

/** Whether the tallies alone tell how many tasks a plan has. */
export function isTallied(plan: PlanNode | undefined): boolean {
  if (!plan) return true;
  if (plan.kind === 'and' || plan.kind === 'or') return plan.nodes.every(isTallied);
  if (plan.kind === 'not') return isTallied(plan.node);
  return plan.kind === 'none' || (plan.kind === 'word' && plan.column !== 'error_group');
}

export function tallyTest(plan: PlanNode, row: TallyRow): boolean {
  switch (plan.kind) {
    case 'and':
      return plan.nodes.every((node) => tallyTest(node, row));
    case 'or':
      return plan.nodes.some((node) => tallyTest(node, row));
    case 'not':
      return !tallyTest(plan.node, row);
    case 'word':
      return plan.column !== 'error_group' && plan.ids.includes(row[plan.column]);
    default:
      return false;
  }
}
