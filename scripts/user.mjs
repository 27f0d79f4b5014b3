// `npm run user`: manages the users who sign in with a password. The work is in user-command.mjs.
import './node-version.mjs';

import('./user-command.mjs').then(function (user) {
  user.main(process.argv.slice(2));
});
