import { round } from './chart-axis.js';

/** Returns a small chart beside a number: points of a polyline in a box of 100 by 24. */
export function toSparkline(values: number[]): string {
  const most = Math.max(1, ...values);
  const step = 100 / Math.max(1, values.length - 1);
  return values.map((value, index) => `${round(index * step)},${round(23 - (value / most) * 21)}`).join(' ');
}
