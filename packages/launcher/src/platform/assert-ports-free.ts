import { once } from 'node:events';
import { createServer } from 'node:net';
import { errorCode, errorMessage } from '@aion/errors';
import { LauncherError } from './launcher-error.ts';
import { SERVICE_NAMES, type PortPlan } from './port-plan.ts';

const PORT_OPTION =
  'Stop the program that uses it, or choose other ports: --port N puts web-api on N, the other services on N+1 to N+3 and the ' +
  'admin ports on N+10 to N+13.';

/**
 * Checks that nothing listens on the ports of the plan.
 * @param howToFix the end of the message
 * @throws LauncherError naming each port that is in use
 */
export async function assertPortsFree(ports: PortPlan, host: string, howToFix = PORT_OPTION): Promise<void> {
  const plannedPorts = SERVICE_NAMES.flatMap((service) => [
    { port: ports[service].port, user: service },
    { port: ports[service].adminPort, user: `${service}, admin` },
  ]);
  const problems = await Promise.all(plannedPorts.map(async ({ port, user }) => describeProblem(port, user, host)));
  const [first, ...rest] = problems.filter((problem) => problem !== undefined);
  if (first === undefined) return;
  throw new LauncherError([first, ...rest, howToFix].join('\n'));
}

async function describeProblem(port: number, user: string, host: string): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    const reason = errorCode(error) === 'EADDRINUSE' ? 'is in use' : `cannot be used: ${errorMessage(error)}`;
    return `Port ${port} (${user}) on ${host} ${reason}.`;
  } finally {
    server.close();
  }
}
