import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { BundleSource } from '@aion/bundle';
import type { ExportObjectStore } from '../export-objects.ts';

/** In-memory object store. */
export class MemoryObjectStore implements ExportObjectStore {
  readonly objects = new Map<string, Buffer>();
  /** Thrown by calls while it is set. */
  failure: Error | undefined;

  async put(key: string, body: Readable): Promise<void> {
    if (this.failure !== undefined) {
      body.destroy();
      throw this.failure;
    }
    this.objects.set(key, await buffer(body));
  }

  async *list(prefix: string): AsyncGenerator<{ readonly key: string }> {
    await Promise.resolve();
    if (this.failure !== undefined) throw this.failure;
    for (const key of [...this.objects.keys()].sort()) if (key.startsWith(prefix)) yield { key };
  }

  delete(key: string): Promise<void> {
    this.objects.delete(key);
    return Promise.resolve();
  }

  keys(): string[] {
    return [...this.objects.keys()].sort();
  }

  /** Returns the objects below a prefix as a source for `verifyBundle`. */
  source(prefix: string): BundleSource {
    return {
      list: () =>
        Promise.resolve(
          this.keys()
            .filter((key) => key.startsWith(prefix))
            .map((key) => key.slice(prefix.length)),
        ),
      read: (path) => Promise.resolve(Readable.from([this.objects.get(prefix + path) ?? Buffer.alloc(0)])),
    };
  }
}
