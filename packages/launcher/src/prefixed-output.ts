import type { ServiceName } from '@aion/contracts';
import picocolors from 'picocolors';
import { createLineWriter } from './platform/line-relay.ts';
import { SERVICE_NAMES } from './platform/port-plan.ts';
import type { ServiceOutput } from './platform/service-process.ts';

const COLORS = ['cyan', 'magenta', 'yellow', 'green'] as const;
const WIDTH = Math.max(...SERVICE_NAMES.map(({ length }) => length));

/** Lets every line of a service begin with its name. */
export function createPrefixedOutput(out: NodeJS.WritableStream): (service: ServiceName) => ServiceOutput {
  const write = createLineWriter(out);
  return (service) => {
    const color = COLORS[SERVICE_NAMES.indexOf(service)] ?? 'cyan';
    const prefix = picocolors[color](`${service.padEnd(WIDTH)} | `);
    return { kind: 'lines', write: (lines) => write(lines.map((line) => `${prefix}${line}`)) };
  };
}
