import { Anchor, Breadcrumbs } from "@mantine/core";
import { Link } from "@tanstack/react-router";

export interface Step {
  to: string;
  label: string;
}

/** The way from a list down to what a page shows. */
export function Trail({ label, steps }: { label: string; steps: readonly Step[] }) {
  return (
    <Breadcrumbs component="nav" aria-label={label} separatorMargin={6} styles={{ root: { flexWrap: "wrap" } }}>
      {steps.map(({ to, label }) => (
        <Anchor key={to} component={Link} to={to} size="sm">
          {label}
        </Anchor>
      ))}
    </Breadcrumbs>
  );
}
