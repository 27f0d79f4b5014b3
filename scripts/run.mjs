// `npm run start:web` and `npm run start:worker`: one process of a real deployment. The work is in run-app.mjs.
import './node-version.mjs';

import('./run-app.mjs').then(function (run) {
  run.runApp(process.argv[2]);
});
