/** The tabs that GraphiQL keeps while the page is loaded again. */

const TABS = "graphiql:tabState";
const VARIABLES = "graphiql:variables";
/** Where GraphiQL keeps them: as long as the browser's tab. */
export const storage = sessionStorage;

/** Gives variables another value, by their name and the one that they have. */
export function changeKeptVariables(change: (name: string, value: unknown) => unknown): void {
  const changed = (variables: string | null) => {
    try {
      const entries = Object.entries(JSON.parse(variables ?? "") as object);
      return JSON.stringify(Object.fromEntries(entries.map(([name, value]) => [name, change(name, value)])), null, 2);
    } catch {
      return variables; // none, or not all was typed
    }
  };
  const shown = storage.getItem(VARIABLES);
  if (shown) storage.setItem(VARIABLES, changed(shown)!);
  const kept = storage.getItem(TABS);
  if (!kept) return;
  const state = JSON.parse(kept) as { tabs: { variables: string | null }[] };
  const tabs = state.tabs.map((tab) => ({ ...tab, variables: changed(tab.variables) }));
  storage.setItem(TABS, JSON.stringify({ ...state, tabs }));
}
