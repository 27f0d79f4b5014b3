import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { RouterLayer } from './allowed-methods.js';

/** Paths with the most requests. The router tries them first. */
const HOT_PATHS: ReadonlySet<unknown> = new Set(['/api/v1/tasks', '/api/v1/tasks/bulk']);

/**
 * Puts static paths before parameters, from left to right, so that `/tasks/bulk` is never read as a task id. The order in
 * which modules list their controllers has no effect on routing.
 */
@Injectable()
export class RouteOrder implements OnApplicationBootstrap {
  constructor(private readonly host: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    const { router } = this.host.httpAdapter.getInstance() as { router: { stack: RouterLayer[] } };
    router.stack.splice(0, router.stack.length, ...inRouteOrder(router.stack));
  }
}

/** Sorts each run of routes. Layers that are no routes, such as middleware, keep their place, and equal routes their order. */
export function inRouteOrder<Layer extends RouterLayer>(stack: readonly Layer[]): Layer[] {
  const sorted: Layer[] = [];
  let run: Layer[] = [];
  const endRun = () => {
    sorted.push(...run.sort((a, b) => compare(specificity(a), specificity(b))));
    run = [];
  };
  for (const layer of stack) {
    if (layer.route) run.push(layer);
    else {
      endRun();
      sorted.push(layer);
    }
  }
  endRun();
  return sorted;
}

/** Returns one digit per segment: 0 for a literal, 1 for a parameter; none for hot paths. Patterns of another kind come last. */
function specificity({ route }: RouterLayer): string {
  const path = route?.path;
  if (typeof path !== 'string') return '2';
  if (HOT_PATHS.has(path)) return '';
  return path
    .split('/')
    .map((segment) => (/[:*{}()\\]/.test(segment) ? '1' : '0'))
    .join('');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
