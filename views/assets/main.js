import { startClock } from './clock.js';
import { startCopying } from './copying.js';
import { startForms } from './forms.js';
import { startKeys } from './keys.js';
import { startLive } from './live.js';
import { startThemeButton } from './theme-button.js';

startClock();
startThemeButton();
startCopying();
startForms();
startKeys();
startLive();
