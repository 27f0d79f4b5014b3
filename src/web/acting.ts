import type { Response } from 'express';
import { RoostError } from '../contract/errors.js';
import { type FlashCode, withFlash } from './page-models/flash.js';

/** Who acts, as it is kept beside what was done. */
export const BY_PAGE = 'the web page';

/** Refused, wrongly filled in, or not answered: for these the page stays, and says so beside the control. */
const SAID_IN_PLACE = [409, 422, 504];

/** What a write came to: where to go on and what to say there. */
export interface Done {
  to: string;
  flash?: FlashCode;
  /** The number that the words speak of. */
  count?: number;
}

/** Goes on after a write, or lets the page itself say why it was not done. */
export async function actOn(
  response: Response,
  write: () => Promise<Done>,
  refused: (error: RoostError) => Promise<void>,
): Promise<void> {
  try {
    const { to, flash, count } = await write();
    response.redirect(303, flash ? withFlash(to, flash, count) : to);
  } catch (error) {
    if (!(error instanceof RoostError) || !SAID_IN_PLACE.includes(error.status)) throw error;
    response.status(error.status);
    await refused(error);
  }
}
