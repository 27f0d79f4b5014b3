import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { drawChart } from './chart.mjs';

/** Each picture says itself where it comes from: it is read without the page it was made for. */
export function writeCharts(folder, { charts, machine, date, command }, progress) {
  mkdirSync(folder, { recursive: true });
  for (const { file, ...chart } of charts) {
    const path = join(folder, `${file}.svg`);
    writeFileSync(path, drawChart({ ...chart, footer: [machine, `${date}: ${command}`] }));
    progress(`drawn: ${path}`);
  }
}
