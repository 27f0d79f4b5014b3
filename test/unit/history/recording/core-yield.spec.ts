import { describe, expect, it } from '@jest/globals';
import { CoreYield, urgencyOf } from '../../../../src/history/recording/core-yield.js';

/** Two cores under a clock of the test. */
class Cores {
  now = 0;
  private readonly times = { idle: 0, busy: 0 };
  readonly recorder = new CoreYield(
    () => ({ ...this.times }),
    () => this.now,
  );

  pass(ms: number, idleShare: number): void {
    this.now += ms;
    this.times.idle += 2 * ms * idleShare;
    this.times.busy += 2 * ms * (1 - idleShare);
  }
}

describe('CoreYield', () => {
  it('does not pause while cores are idle', () => {
    const cores = new Cores();
    cores.pass(200, 0.5);
    expect(cores.recorder.pauseMs(40, 0)).toBe(0);
  });

  it('leaves most of the time to others while no core is idle', () => {
    const cores = new Cores();
    cores.pass(200, 0);
    const pause = cores.recorder.pauseMs(20, 0);
    expect(pause / (20 + pause)).toBeCloseTo(0.85, 1);
  });

  it('pauses less the further it is behind, and not at all from 5 s on', () => {
    const cores = new Cores();
    cores.pass(200, 0);
    const pauses = [0, 1000, 2500, 4000, 5000, 60_000].map((lag) =>
      cores.recorder.pauseMs(20, urgencyOf(lag)),
    );
    expect(pauses).toEqual([...pauses].sort((a, b) => b - a));
    expect(pauses.slice(-2)).toEqual([0, 0]);
    expect(pauses[3]).toBeGreaterThan(0);
  });

  it('pauses for a quarter of a second at most', () => {
    const cores = new Cores();
    cores.pass(200, 0);
    expect(cores.recorder.pauseMs(2000, 0)).toBe(250);
  });

  it('pauses as long as the cores are needed, and no longer', () => {
    const cores = new Cores();
    for (let n = 0; n < 20; n++) {
      cores.pass(150, 0.02);
      expect(cores.recorder.pauseMs(20, 0)).toBeGreaterThan(0);
    }
    cores.pass(150, 0.6);
    expect(cores.recorder.pauseMs(20, 0)).toBe(0);
  });

  it('takes itself for the load where cores are idle as soon as it pauses', () => {
    const cores = new Cores();
    cores.pass(150, 0);
    expect(cores.recorder.pauseMs(20, 0)).toBeGreaterThan(0);
    cores.pass(150, 0.8);
    expect(cores.recorder.pauseMs(20, 0)).toBe(0);
    // It is the load again, and goes on for two seconds.
    for (let n = 0; n < 12; n++) {
      cores.pass(150, 0);
      expect(cores.recorder.pauseMs(20, 0)).toBe(0);
    }
    cores.pass(300, 0);
    expect(cores.recorder.pauseMs(20, 0)).toBeGreaterThan(0);
  });

  it('judges no time that is shorter than the ticks of the kernel allow', () => {
    const cores = new Cores();
    cores.pass(50, 0);
    expect(cores.recorder.pauseMs(20, 0)).toBe(0);
  });
});
