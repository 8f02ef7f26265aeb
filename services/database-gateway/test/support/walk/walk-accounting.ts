import { internalRoute, routes, internalRoutes } from '@aion/contracts';
import { v7 as uuidv7 } from 'uuid';
import { expectConflict, readInBothOrders, type Walker } from './walker.ts';

/** Calls the routes of usage and budgets. The generation must have content. */
export async function walkAccounting(walker: Walker, generationId: string, projectId: string): Promise<void> {
  await walkProviders(walker);
  await walkBudgets(walker, projectId);
  await walkUsage(walker, projectId);
  await walkGenerations(walker, generationId, projectId);
}

async function walkProviders({ call, owner }: Walker): Promise<void> {
  const list = internalRoute(routes.providers.list);
  const sealed_credentials = { key_id: 'ab'.repeat(8), bytes: Buffer.alloc(40, 1).toString('base64url') };
  const id = uuidv7();
  const body = { id, name: `p${id}`, kind: 'anthropic' as const, sealed_credentials };
  await call(internalRoutes.providers.store, owner, { body });
  const params = { provider_id: id };
  await call(internalRoute(routes.providers.get), owner, { params });
  await call(internalRoutes.providers.storeChange, owner, { params, body: { enabled: false, sealed_credentials } });
  await readInBothOrders((query) => call(list, owner, { query }));
  await call(list, owner, { query: { kind: 'anthropic', enabled: 'false' } });
  await call(internalRoute(routes.providers.delete), owner, { params });
}

async function walkBudgets({ call, owner, keyId }: Walker, project_id: string): Promise<void> {
  const [create, list] = [internalRoute(routes.budgets.create), internalRoute(routes.budgets.list)];
  const body = { effective_from: '2031-01-01', limit_micro_usd: 1 };
  const { answer: budget } = await call(create, owner, { body: { ...body, project_id } });
  await expectConflict(call(create, owner, { body: { ...body, project_id } }));
  const params = { budget_id: budget.id };
  await call(internalRoute(routes.budgets.get), owner, { params });
  await call(internalRoute(routes.budgets.update), owner, { params, body: { limit_micro_usd: 2 } });
  await readInBothOrders((query) => call(list, owner, { query }));
  await call(list, owner, { query: { project_id } });
  await call(list, owner, { query: { api_key_id: keyId } });
  await call(internalRoute(routes.budgets.delete), owner, { params });
  const { answer: ofKey } = await call(create, owner, { body: { ...body, api_key_id: keyId } });
  await call(internalRoute(routes.budgets.delete), owner, { params: { budget_id: ofKey.id } });
}

async function walkUsage({ call, owner, keyId }: Walker, project_id: string): Promise<void> {
  const usage = internalRoute(routes.usage.get);
  await call(usage, owner);
  await call(usage, owner, { query: { group_by: 'day,provider,model,project,api_key' } });
  await call(usage, owner, { query: { group_by: 'model', provider: 'p', model: 'm', project_id, api_key_id: keyId } });
}

async function walkGenerations({ call, owner, keyId }: Walker, generation_id: string, project_id: string) {
  const list = internalRoute(routes.generations.list);
  await call(internalRoute(routes.generations.get), owner, { params: { generation_id } });
  await call(internalRoute(routes.generations.getContent), owner, { params: { generation_id } });
  await readInBothOrders((query) => call(list, owner, { query }));
  const [from, to] = ['2026-01-01T00:00:00Z', '2099-01-01T00:00:00Z'];
  await call(list, owner, { query: { from, to } });
  await call(list, owner, { query: { from, to, order: 'asc' } });
  await call(list, owner, { query: { status: 'succeeded', provider: 'p', model: 'm' } });
  await call(list, owner, { query: { api_key_id: keyId } });
  const { answer } = await call(list, owner, { query: { order: 'asc' } });
  const ofProject = answer.data.find((each) => each.project_id !== null)?.project_id ?? project_id;
  await call(list, owner, { query: { project_id: ofProject } });
}
