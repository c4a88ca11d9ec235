import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../schema.graphql",
  documents: "explorer/**/*.{ts,tsx}",
  generates: {
    "explorer/.generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        strictScalars: true,
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { BigInt: "number", DateTime: "string", Decimal: "string", ID: "string", JSON: "unknown" },
      },
    },
  },
};

export default config;
