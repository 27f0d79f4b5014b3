// `npm run build`: compiles and bundles src/ into dist/. The work is in build-command.mjs.
import './node-version.mjs';

import('./build-command.mjs').then(function (build) {
  build.main();
});
