/* Loaded into a server whose memory is measured: at SIGUSR2 it collects its garbage and tells what is left. Needs --expose-gc. */
process.on('SIGUSR2', () => {
  globalThis.gc();
  // Frees objects that were only held by those of the first collection.
  setTimeout(() => {
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    process.send({ type: 'memory', bytes: heapUsed + external });
  }, 300);
});
