import "@mantine/core/styles.css";
import "@mantine/charts/styles.css";
import "jsondiffpatch/formatters/styles/html.css";
import "./style.css";

import { MantineProvider } from "@mantine/core";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Provider } from "urql";

import { client } from "./client";
import { router } from "./router";
import { cssVariables, theme } from "./theme";

createRoot(document.getElementById("explorer")!).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <Provider value={client}>
        <RouterProvider router={router} />
      </Provider>
    </MantineProvider>
  </StrictMode>,
);
