import { describe, expect, it } from '@jest/globals';
import type { RouterLayer } from '../../../src/http/allowed-methods.js';
import { inRouteOrder } from '../../../src/http/route-order.js';

const get = (path: string): RouterLayer => ({ route: { path, methods: { get: true } } });
const paths = (layers: readonly RouterLayer[]) => layers.map(({ route }) => route?.path ?? 'middleware');

describe('the order of routes', () => {
  it('puts a literal segment before a parameter, at the first place where two paths differ', () => {
    const listed = [
      '/:name',
      '/tasks/:id/:act',
      '/tasks/:id/why',
      '/tasks/:id',
      '/tasks/bulk/:act',
      '/tasks/bulk',
    ];
    expect(paths(inRouteOrder(listed.map(get)))).toEqual([
      '/tasks/bulk',
      '/tasks/bulk/:act',
      '/tasks/:id',
      '/tasks/:id/why',
      '/tasks/:id/:act',
      '/:name',
    ]);
  });

  it('leaves middleware where it is, and equal paths in their order', () => {
    const last: RouterLayer = { route: { path: /any/, methods: { get: true } } };
    const stack = [get('/:b'), {}, last, get('/:x'), get('/:y'), get('/a'), {}];
    expect(paths(inRouteOrder(stack))).toEqual([
      '/:b',
      'middleware',
      '/a',
      '/:x',
      '/:y',
      /any/,
      'middleware',
    ]);
  });
});
