import type { Response } from 'express';
import { RoostError } from '../../model/errors.js';
import { type FlashCode, withFlash } from './flash.js';

/** Actor recorded for actions from the pages. */
export const BY_PAGE = 'the web page';
/** Time in which a delete can be undone, ms. */
export const UNDO_MS = 10_000;

/**
 * Errors for which the page stays and shows the message beside the control: refused, invalid, or unavailable.
 */
const IN_PLACE_ERRORS = [409, 422, 504];

/** Result of a write: where to continue, and the message shown there. */
export interface Done {
  to: string;
  flash?: FlashCode;
  /** Number in the message. */
  count?: number;
}

/** Redirects after a write, or renders the page again with the reason of a refusal. */
export async function runFormAction(
  response: Response,
  write: () => Promise<Done>,
  refused: (error: RoostError) => Promise<void>,
): Promise<void> {
  try {
    const { to, flash, count } = await write();
    response.redirect(303, flash ? withFlash(to, flash, count) : to);
  } catch (error) {
    if (!(error instanceof RoostError) || !IN_PLACE_ERRORS.includes(error.status)) throw error;
    response.status(error.status);
    await refused(error);
  }
}
