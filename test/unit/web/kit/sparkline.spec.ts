import { expect, it } from '@jest/globals';
import { toSparkline } from '../../../../src/web/kit/sparkline.js';

it('spans its box', () => {
  expect(toSparkline([0, 5, 10])).toBe('0,23 50,12.5 100,2');
});
