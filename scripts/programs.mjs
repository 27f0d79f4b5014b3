// Runs other programs to their end and keeps what they print, for the moment it is needed: when they fail.
import { spawn } from 'node:child_process';

const running = new Set();

/**
 * Ends with `{ code, output }`; a program that could not be started has code -1. The program leads a process group
 * of its own, so that `endPrograms` reaches what it started in turn and Ctrl-C is left to us.
 */
export function runProgram(file, args, { onLine, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
      detached: process.platform !== 'win32',
      ...options,
    });
    running.add(child);
    let output = '';
    const addOutput = (chunk) => {
      output += chunk;
      const lines = String(chunk).trim().split('\n');
      if (onLine && lines.at(-1)) onLine(lines.at(-1).trim());
    };
    child.stdout?.on('data', addOutput);
    child.stderr?.on('data', addOutput);
    const end = (code, error) => {
      running.delete(child);
      resolve({ code, output: error ? `${output}${error.message}` : output });
    };
    child.once('error', (error) => end(-1, error));
    child.once('close', (code) => end(code ?? 1));
  });
}

export function endPrograms(signal = 'SIGTERM') {
  for (const child of running) {
    try {
      process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
    } catch {
      // ended in the meantime
    }
  }
}
