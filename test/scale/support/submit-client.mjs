// A client in a process of its own that costs next to nothing: node submit-client.mjs <url> <before> <submits> <in flight>.
// Hands in so many no-op tasks that are not measured, then those that are; prints how many a second, and the ms of each.
import { HttpConnection } from '../../bench/support/http-connection.mjs';

const [, , url, ...numbers] = process.argv;
const [before, submits, inFlight] = numbers.map(Number);

function request(n) {
  const body = JSON.stringify({ type: 'no-op', input: { n } });
  const head = `POST /api/v1/tasks HTTP/1.1\r\nHost: ${new URL(url).host}\r\nContent-Type: application/json\r\n`;
  return `${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

async function hand(from, to) {
  const ms = [];
  let next = from;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      const connection = new HttpConnection(url);
      for (let n = next++; n < to; n = next++) {
        const at = performance.now();
        const { status } = await connection.send(request(n));
        if (status !== 202) throw new Error(`submit answered ${status}`);
        ms.push(Math.round((performance.now() - at) * 10) / 10);
      }
      connection.close();
    }),
  );
  return { perSecond: Math.round((to - from) / ((performance.now() - startedAt) / 1000)), ms };
}

await hand(0, before);
process.stdout.write(JSON.stringify(await hand(before, before + submits)));
