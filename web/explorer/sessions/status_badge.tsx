import { Badge } from "@mantine/core";

import type { SessionStatus } from "../.generated/graphql";

const COLORS: Record<SessionStatus, string> = {
  ACTIVE: "blue",
  WAITING: "yellow",
  COMPLETED: "green",
  FAILED: "red",
  CANCELLED: "gray",
  EXPIRED: "gray",
};

export function StatusBadge({ status }: { status: SessionStatus }) {
  return (
    <Badge color={COLORS[status]} variant="dot">
      {status}
    </Badge>
  );
}
