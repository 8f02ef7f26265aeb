import { Pool } from 'undici';
import type { Subject } from '../subject.ts';

const CONNECTIONS = 8;

/** Creates a subject that sends `count` requests over keep-alive connections as fast as responses arrive; returns seconds. */
export function createLoadGenerator(): Subject {
  return {
    measure: async (count, port) => {
      if (port === undefined) throw new Error('The load generator needs the port of a server.');
      const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 });
      const startedAt = performance.now();
      let next = 0;
      const sendAll = async (): Promise<void> => {
        while (next < count) {
          next += 1;
          const { statusCode, body } = await pool.request({ method: 'GET', path: `/bench/items/${next % 100}` });
          await body.dump();
          if (statusCode !== 200) throw new Error(`The server responded with ${statusCode} instead of 200.`);
        }
      };
      try {
        await Promise.all(Array.from({ length: CONNECTIONS }, sendAll));
        return (performance.now() - startedAt) / 1_000;
      } finally {
        await pool.close();
      }
    },
  };
}
