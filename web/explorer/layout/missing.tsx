import { Anchor, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";

/** Says that there is nothing at this address, and where to look. */
export function Missing({ noun, to }: { noun: string; to: string }) {
  return (
    <Text role="alert">
      There is no such {noun}, or the API key is for another project.{" "}
      <Anchor component={Link} to={to} underline="always">
        Look through the list
      </Anchor>
      .
    </Text>
  );
}
