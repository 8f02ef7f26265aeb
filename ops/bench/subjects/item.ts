/** Creates the response of the benchmark's route, the same in every app. */
export function toItem(itemId: string): { item_id: string; tags: string[] } {
  return { item_id: itemId, tags: ['alpha', 'beta', 'gamma'] };
}
