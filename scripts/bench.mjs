// `npm run bench`: Roost beside what you would pick instead, on this machine; `-- P3 P5` some of it, `npm run -s bench -- --json` for programs.
import './node-version.mjs';

import('./bench-run.mjs').then(function (bench) {
  bench.main(process.argv.slice(2));
});
