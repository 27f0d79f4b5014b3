import type { PlanNode } from './search/search-plan.js';

export interface StateCountRow {
  queue: number;
  type: number;
  worker: number;
  state: number;
  n: number;
}

/** Whether the state counts alone determine the number of tasks of a plan. */
export function isCountedByState(plan: PlanNode | undefined): boolean {
  if (!plan) return true;
  if (plan.kind === 'and' || plan.kind === 'or') return plan.nodes.every(isCountedByState);
  if (plan.kind === 'not') return isCountedByState(plan.node);
  return plan.kind === 'none' || (plan.kind === 'word' && plan.column !== 'error_group');
}

export function matchesStateCount(plan: PlanNode, row: StateCountRow): boolean {
  switch (plan.kind) {
    case 'and':
      return plan.nodes.every((node) => matchesStateCount(node, row));
    case 'or':
      return plan.nodes.some((node) => matchesStateCount(node, row));
    case 'not':
      return !matchesStateCount(plan.node, row);
    case 'word':
      return plan.column !== 'error_group' && plan.ids.includes(row[plan.column]);
    default:
      return false;
  }
}
