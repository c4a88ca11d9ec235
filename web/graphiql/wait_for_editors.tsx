import { useGraphiQL } from "@graphiql/react";
import { useLayoutEffect } from "react";

/**
 * Takes no click and no key until GraphiQL's editors are there.
 *
 * They are loaded behind the rest of the page, and the text of a tab that is opened meanwhile is lost:
 * GraphiQL gives it to editors that it does not have yet.
 */
export function WaitForEditors({ page }: { page: HTMLElement }) {
  const areThere = useGraphiQL(
    ({ queryEditor, variableEditor, headerEditor, responseEditor }) =>
      [queryEditor, variableEditor, headerEditor, responseEditor].every(Boolean),
  );
  useLayoutEffect(() => {
    page.inert = !areThere;
    page.ariaBusy = String(!areThere);
  }, [page, areThere]);
  return null;
}
