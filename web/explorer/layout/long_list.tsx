import { ActionIcon, Box } from "@mantine/core";
import { IconArrowBarToDown } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type ReactNode } from "react";

const END_PIXELS = 40;

interface LongListProps {
  /** The numbers of its rows go from 1 to this one. */
  count: number;
  estimatedHeight: number;
  render: (number: number) => ReactNode;
  /** Told which rows are in sight. */
  onSight: (first: number, last: number) => void;
  label: string;
}

/** A list of any length, of which only what is in sight is in the page. It stays at its end. */
export function LongList({ count, estimatedHeight, render, onSight, label }: LongListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const wasAtEnd = useRef(false);
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

  const goToEnd = () => virtualizer.scrollToIndex(count - 1, { align: "end" });
  useEffect(() => {
    if (wasAtEnd.current) goToEnd();
    // what is recorded while one looks at the end is shown
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [count]);
  const noteEnd = () => {
    const { scrollTop, clientHeight, scrollHeight } = scroller.current!;
    wasAtEnd.current = scrollHeight > clientHeight && scrollTop + clientHeight >= scrollHeight - END_PIXELS;
  };

  return (
    <Box h="100%" pos="relative">
      <Box
        ref={scroller}
        h="100%"
        tabIndex={0}
        role="region"
        aria-label={label}
        onScroll={noteEnd}
        style={{ overflowY: "auto", contain: "strict" }}
      >
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
      <ActionIcon
        variant="default"
        size="lg"
        pos="absolute"
        bottom={8}
        right={20}
        aria-label="Go to the end"
        onClick={goToEnd}
      >
        <IconArrowBarToDown size={18} />
      </ActionIcon>
    </Box>
  );
}
