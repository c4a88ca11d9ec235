import { formatShortcutForOS, KEY_MAP, useGraphiQL } from "@graphiql/react";

/** Says below an answer's empty place how to get one. */
export function AnswerHint() {
  const hasAnswer = useGraphiQL(
    ({ tabs, activeTabIndex, isFetching }) => isFetching || Boolean(tabs[activeTabIndex]?.response),
  );
  if (hasAnswer) return null;
  return (
    <p className="answer-hint">
      The answer comes here: press ▶ or {formatShortcutForOS(KEY_MAP.runQuery.key, "Cmd")}.
    </p>
  );
}
