import { Badge, ThemeIcon } from "@mantine/core";
import {
  IconCheck,
  IconClockOff,
  IconHandStop,
  IconPlayerPlay,
  IconPlayerStop,
  IconX,
  type Icon,
} from "@tabler/icons-react";

import type { SessionStatus } from "../.generated/graphql";

const LOOKS: Record<SessionStatus, { color: string; Icon: Icon }> = {
  ACTIVE: { color: "blue", Icon: IconPlayerPlay },
  WAITING: { color: "yellow", Icon: IconHandStop },
  COMPLETED: { color: "green", Icon: IconCheck },
  FAILED: { color: "red", Icon: IconX },
  CANCELLED: { color: "gray", Icon: IconPlayerStop },
  EXPIRED: { color: "gray", Icon: IconClockOff },
};

export function StatusBadge({ status }: { status: SessionStatus }) {
  return (
    <Badge color={LOOKS[status].color} variant="dot" display="grid">
      {status}
    </Badge>
  );
}

/** The same where there is no room for the word. */
export function StatusIcon({ status }: { status: SessionStatus }) {
  const { color, Icon } = LOOKS[status];
  return (
    <ThemeIcon color={color} variant="light" radius="xl" size="sm" role="img" aria-label={status} title={status}>
      <Icon size={12} stroke={2.5} />
    </ThemeIcon>
  );
}
