import { Box } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type ReactNode } from "react";

interface LongListProps {
  /** The numbers of its rows go from 1 to this one. */
  count: number;
  estimatedHeight: number;
  render: (number: number) => ReactNode;
  /** Told which rows are in sight. */
  onSight: (first: number, last: number) => void;
  label: string;
}

/** A list of any length, of which only what is in sight is in the page. */
export function LongList({ count, estimatedHeight, render, onSight, label }: LongListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count,
    estimateSize: () => estimatedHeight,
    getScrollElement: () => scroller.current,
    overscan: 10,
  });
  const items = virtualizer.getVirtualItems();
  const first = (items[0]?.index ?? 0) + 1;
  const last = (items.at(-1)?.index ?? 0) + 1;
  useEffect(() => {
    if (count > 0) onSight(first, Math.min(last, count));
  }, [count, first, last, onSight]);
  return (
    <Box ref={scroller} h="100%" tabIndex={0} role="feed" aria-label={label} style={{ overflowY: "auto", contain: "strict" }}>
      <Box h={virtualizer.getTotalSize()} pos="relative">
        {items.map((item) => (
          <Box
            key={item.key}
            ref={virtualizer.measureElement}
            data-index={item.index}
            pos="absolute"
            top={0}
            left={0}
            w="100%"
            style={{ transform: `translateY(${item.start}px)` }}
          >
            {render(item.index + 1)}
          </Box>
        ))}
      </Box>
    </Box>
  );
}
