// The audit of GraphQL over HTTP by graphql-http.
import { auditServer } from "graphql-http";

async function main() {
  const results = await auditServer({ url: `${process.argv[2]}/graphql` });
  const told = results.map((result) => ({
    name: `${result.name} (${result.id})`,
    fault: result.status === "ok" ? null : result.reason,
  }));
  process.stdout.write(JSON.stringify(told));
}

void main();
