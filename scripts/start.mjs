// `npm start`: everything, from a fresh clone to a running Roost. The work is in launch.mjs.
import './node-version.mjs';

import('./launch.mjs').then(function (launch) {
  launch.start();
});
