/* Many readers of one stream of server-sent events, told by its parent: open so many, wait until all have heard a word. */
import { connect } from 'node:net';

const readers = new Set();

class Reader {
  constructor({ host, port, path }) {
    this.kept = Buffer.alloc(0);
    this.socket = connect(port, host, () =>
      this.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nAccept: text/event-stream\r\n\r\n`),
    );
    this.open = new Promise((resolve, reject) => {
      this.socket.once('data', resolve);
      this.socket.once('error', reject);
      this.socket.once('close', () => reject(new Error('The server closed a stream.')));
    });
    this.socket.on('data', (data) => this.hear(data));
    readers.add(this);
  }

  /** Resolves once `word` has come, in whatever pieces. */
  wait(word) {
    this.word = Buffer.from(word);
    this.kept = Buffer.alloc(0);
    return new Promise((resolve) => (this.heard = resolve));
  }

  hear(data) {
    if (!this.word) return;
    const text = this.kept.length > 0 ? Buffer.concat([this.kept, data]) : data;
    if (text.includes(this.word)) {
      this.word = undefined;
      this.heard();
    } else this.kept = Buffer.from(text.subarray(-this.word.length));
  }
}

process.on('message', async (message) => {
  try {
    if (message.type === 'open') {
      const { hostname: host, port, pathname: path } = new URL(message.url);
      // A few at a time: a server has a queue of its own for those that knock.
      for (let i = 0; i < message.count; i += 50)
        await Promise.all(
          Array.from(
            { length: Math.min(50, message.count - i) },
            () => new Reader({ host, port, path }).open,
          ),
        );
    } else if (message.type === 'listen') {
      const all = Promise.all([...readers].map((reader) => reader.wait(message.word)));
      void all.then(() => process.send({ type: 'heard', at: Date.now() }));
    }
    process.send({ type: message.type });
  } catch (error) {
    process.send({ type: message.type, failed: error.message });
  }
});
process.on('disconnect', () => process.exit());
process.send({ type: 'ready' });
