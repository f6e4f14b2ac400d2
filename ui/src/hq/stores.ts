import type { Today } from './bindings/Today'

export type Stores = Today['stores']

/** What the chain calls a store; of one that it has no more, its code. */
export function storeName(stores: Stores, site: string): string {
  return stores.find((one) => one.site === site)?.name ?? site
}
