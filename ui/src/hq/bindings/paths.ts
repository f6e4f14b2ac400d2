// Made by ./dev bindings of the hub's list of routes.
export const PATHS = {
  excuse: '/api/v1/hq/excuse',
  lost: '/api/v1/hq/lost',
  session: '/api/v1/hq/session',
  storeDays: '/api/v1/hq/store-days',
  today: '/api/v1/hq/today',
} as const
