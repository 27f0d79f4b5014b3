/** Runs one piece of work at a time, in the order of the requests. Callers that request repeatedly alternate. */
export class FairQueue {
  private last: Promise<unknown> = Promise.resolve();

  run<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.last.then(work, work);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
