/**
 * Offset of another clock from the local one. Each answer only bounds the offset, because its network delay in either
 * direction is unknown. An estimate within the newest bounds is retained, so that a slow answer does not change it.
 */
export class ClockOffset {
  private known: number | undefined;

  /** Other clock minus local clock, ms; undefined before the first answer. */
  get ms(): number | undefined {
    return this.known;
  }

  /** Records that the other clock read `theirs` between `before` and `after` of the local one. Returns the new estimate. */
  record(before: number, theirs: number, after: number): number {
    const [least, most] = [theirs - after, theirs - before];
    if (this.known === undefined || this.known < least || this.known > most) this.known = (least + most) / 2;
    return this.known;
  }
}
