import { ActionIcon, Anchor, AppShell, Burger, Group, NavLink, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconBrain, IconMessages, IconMoon, IconRobot, IconSun, IconTerminal2 } from "@tabler/icons-react";
import { Link, Outlet } from "@tanstack/react-router";

import { KeyField } from "./key_field";

const PLACES = [
  { to: "/sessions", label: "Sessions", Icon: IconMessages },
  { to: "/agents", label: "Agents", Icon: IconRobot },
  { to: "/memories", label: "Memories", Icon: IconBrain },
];

// the server takes it out where it does not serve GraphiQL
const HAS_GRAPHIQL = document.querySelector('meta[name="graphiql"]') !== null;

/** What stands around every page: where one can go, the key, light or dark. */
export function Frame() {
  const [isOpen, { toggle, close }] = useDisclosure();
  const { colorScheme, toggleColorScheme } = useMantineColorScheme();
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 190, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
      padding="md"
    >
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" />
            <Anchor fw={700} c="inherit" underline="never" component={Link} to="/sessions">
              Sessiongraph
            </Anchor>
          </Group>
          <Group gap="xs" wrap="nowrap">
            <KeyField />
            <ActionIcon variant="default" aria-label="Light or dark" onClick={toggleColorScheme}>
              {colorScheme === "dark" ? <IconSun size={16} /> : <IconMoon size={16} />}
            </ActionIcon>
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs">
        {PLACES.map(({ to, label, Icon }) => (
          <NavLink key={to} component={Link} to={to} label={label} leftSection={<Icon size={16} />} onClick={close} />
        ))}
        {HAS_GRAPHIQL && <NavLink href="/graphql" label="GraphiQL" leftSection={<IconTerminal2 size={16} />} />}
      </AppShell.Navbar>
      <AppShell.Main>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}
