/** What the benchmark's route answers with, in every app. */
export function toItem(itemId: string): { item_id: string; tags: string[] } {
  return { item_id: itemId, tags: ['alpha', 'beta', 'gamma'] };
}
