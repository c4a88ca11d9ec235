import { Button } from "@mantine/core";

import type { EndlessRows } from "./endless_rows";
import { Failure } from "./failure";

/** Where one asks for more rows, or for those again that could not be read. */
export function MoreButton<Row>({ endless: { hasMore, isLoading, error, more } }: { endless: EndlessRows<Row> }) {
  return (
    <>
      {error && <Failure error={error} />}
      {(hasMore || error) && (
        <Button variant="default" loading={isLoading} onClick={more}>
          {error ? "Try again" : "Show more"}
        </Button>
      )}
    </>
  );
}
