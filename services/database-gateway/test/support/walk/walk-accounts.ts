import { internalRoute, routes, internalRoutes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { newKey } from '../management.ts';
import { readInBothOrders, type Walker } from './walker.ts';

/** Calls the routes of members, projects and keys. Returns the ids that other steps need. */
export async function walkAccounts(walker: Walker): Promise<{ readonly projectId: string; readonly userId: string }> {
  await walkTenant(walker);
  const projectId = await walkProjects(walker);
  const [userId, leavingId] = await walkPeople(walker);
  await walkKeys(walker, { projectId, userId: leavingId });
  await walkMemberships(walker, leavingId);
  return { projectId, userId };
}

async function walkTenant({ call, owner, tenantId }: Walker): Promise<void> {
  const params = { tenant_id: tenantId };
  await call(internalRoute(routes.tenants.get), owner, { params });
  await call(internalRoute(routes.tenants.update), owner, { params, body: { name: 'Walker' } });
}

async function walkProjects({ call, owner }: Walker): Promise<string> {
  const [create, list, change] = [
    internalRoute(routes.projects.create),
    internalRoute(routes.projects.list),
    internalRoute(routes.projects.update),
  ];
  const { answer: old } = await call(create, owner, { body: { name: `Old ${uuidv7()}` } });
  await call(change, owner, { params: { project_id: old.id }, body: { archived: true } });
  const { answer: project } = await call(create, owner, { body: { name: `Project ${uuidv7()}` } });
  await call(internalRoute(routes.projects.get), owner, { params: { project_id: project.id } });
  await call(change, owner, { params: { project_id: project.id }, body: { name: `Changed ${uuidv7()}` } });
  await readInBothOrders((query) => call(list, owner, { query }));
  await call(list, owner, { query: { archived: 'false' } });
  return project.id;
}

async function walkPeople({ call, owner }: Walker): Promise<readonly [string, string]> {
  const [create, list] = [internalRoute(routes.users.create), internalRoute(routes.users.list)];
  const email = () => `${uuidv7()}@example.com`;
  const { answer: staying } = await call(create, owner, { body: { email: email(), name: 'Owner', role: 'owner' } });
  const { answer: user } = await call(create, owner, { body: { email: email(), name: 'Member', role: 'member' } });
  const params = { user_id: user.id };
  await call(internalRoute(routes.users.get), owner, { params });
  await call(internalRoute(routes.users.update), owner, { params, body: { name: 'Renamed' } });
  await readInBothOrders((query) => call(list, owner, { query }));
  await call(list, owner, { query: { role: 'member' } });
  await call(list, owner, { query: { email: user.email } });
  return [staying.id, user.id];
}

async function walkKeys(
  { call, owner, operator }: Walker,
  of: { readonly projectId: string; readonly userId: string },
) {
  const list = internalRoute(routes.apiKeys.list);
  const { answer: key } = await call(internalRoutes.apiKeys.store, owner, {
    body: { ...newKey(), project_id: of.projectId },
  });
  const params = { key_id: key.id };
  await call(internalRoute(routes.apiKeys.get), owner, { params });
  await call(internalRoute(routes.apiKeys.update), owner, { params, body: { name: 'Renamed' } });
  const first = await call(list, owner, { query: { limit: 1 } });
  if (first.answer.next_cursor !== null) await call(list, owner, { query: { cursor: first.answer.next_cursor } });
  await call(list, owner, { query: { project_id: of.projectId } });
  await call(list, owner, { query: { user_id: of.userId } });
  await call(internalRoute(routes.apiKeys.revoke), owner, { params });
  // Revoked with the membership of its person.
  await call(internalRoutes.apiKeys.store, operator, { body: { ...newKey(), user_id: of.userId } });
}

async function walkMemberships({ call, owner }: Walker, userId: string): Promise<void> {
  const [list, change] = [internalRoute(routes.memberships.list), internalRoute(routes.memberships.update)];
  await readInBothOrders((query) => call(list, owner, { query }));
  await call(list, owner, { query: { role: 'owner' } });
  const { answer } = await call(list, owner, { query: { user_id: userId } });
  const params = { membership_id: answer.data[0]?.id ?? '' };
  await call(internalRoute(routes.memberships.get), owner, { params });
  await call(change, owner, { params, body: { role: 'owner' } });
  await call(change, owner, { params, body: { role: 'auditor' } });
  await call(internalRoute(routes.memberships.delete), owner, { params });
}
