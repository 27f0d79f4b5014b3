/**
 * How far another clock is from ours, learnt from answers that were under way for an unknown part of their time: each
 * only bounds it. What lies within the newest bounds is kept, so that a slow answer moves nothing.
 */
export class ClockOffset {
  private known: number | undefined;

  /** Theirs less ours, ms; undefined before the first answer. */
  get ms(): number | undefined {
    return this.known;
  }

  /** Their clock said `theirs` at some moment between two of ours. Answers with what is known now. */
  hear(before: number, theirs: number, after: number): number {
    const [least, most] = [theirs - after, theirs - before];
    if (this.known === undefined || this.known < least || this.known > most) this.known = (least + most) / 2;
    return this.known;
  }
}
