import dayjs from "dayjs";
import relativeTime from "dayjs/plugin/relativeTime";

dayjs.extend(relativeTime);

/** A time as people say it, and to the millisecond where one points at it. */
export function Ago({ time }: { time: string }) {
  return (
    <time dateTime={time} title={dayjs(time).format("YYYY-MM-DD HH:mm:ss.SSS")}>
      {dayjs(time).fromNow()}
    </time>
  );
}
