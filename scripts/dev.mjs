// `npm run dev`: everything of `npm start`, started anew whenever a source file or a view changes.
import './node-version.mjs';

import('./watch.mjs').then(function (watch) {
  watch.dev();
});
