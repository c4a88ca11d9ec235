import { Box, Button, Stack } from "@mantine/core";
import { IconArrowBarToDown } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useState, type ReactNode } from "react";

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
  const [isEndInSight, setEndInSight] = useState(true);
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
    const isInSight = scrollTop + clientHeight >= scrollHeight - END_PIXELS;
    wasAtEnd.current = scrollHeight > clientHeight && isInSight;
    setEndInSight(isInSight);
  };
  const height = virtualizer.getTotalSize();
  useEffect(() => {
    const { scrollTop, clientHeight, scrollHeight } = scroller.current!;
    setEndInSight(scrollTop + clientHeight >= scrollHeight - END_PIXELS);
  }, [height]);

  return (
    <Stack h="100%" gap={0}>
      <Box
        ref={scroller}
        flex={1}
        tabIndex={0}
        role="region"
        aria-label={label}
        onScroll={noteEnd}
        style={{ overflowY: "auto", contain: "strict" }}
      >
        <Box h={height} pos="relative">
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
      {!isEndInSight && (
        <Button
          variant="subtle"
          size="compact-sm"
          flex="none"
          leftSection={<IconArrowBarToDown size={16} />}
          onClick={() => {
            scroller.current!.focus({ preventScroll: true });
            goToEnd();
          }}
        >
          Go to the end
        </Button>
      )}
    </Stack>
  );
}
