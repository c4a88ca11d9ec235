import { Alert, Button, Code, Group, Stack, Text } from "@mantine/core";
import { useMutation } from "urql";

import { graphql } from "../.generated";
import type { Decision, SessionQuery } from "../.generated/graphql";
import { Ago } from "../layout/ago";
import { Failure } from "../layout/failure";
import { JsonBlock } from "../layout/json_block";

const DECIDE = graphql(`
  mutation Decide($confirmation: ID!, $decision: Decision!) {
    decideConfirmation(
      input: { confirmation: $confirmation, decision: $decision, decidedBy: "explorer", deciderType: "HUMAN" }
    ) {
      confirmation {
        id
        status
      }
    }
  }
`);

type Question = NonNullable<SessionQuery["session"]>["confirmations"]["nodes"][number];

/** What an agent asks a person, to approve or to reject. */
export function OpenQuestions({ questions }: { questions: readonly Question[] }) {
  return questions.map((question) => <OpenQuestion key={question.id} question={question} />);
}

function OpenQuestion({ question }: { question: Question }) {
  const [{ fetching, error }, decide] = useMutation(DECIDE);
  const answer = (decision: Decision) => void decide({ confirmation: question.id, decision });
  return (
    <Alert color="yellow" title={question.userMessage ?? `May ${question.toolName} run?`}>
      <Stack gap="xs">
        <Text size="sm">
          The agent waits to call <Code>{question.toolName}</Code>. It asked <Ago time={question.createdAt} />.
        </Text>
        <JsonBlock value={question.arguments} />
        <Group gap="xs">
          <Button size="xs" color="green" loading={fetching} onClick={() => answer("APPROVED")}>
            Approve
          </Button>
          <Button size="xs" variant="default" loading={fetching} onClick={() => answer("DENIED")}>
            Reject
          </Button>
        </Group>
        {error && <Failure error={error} />}
      </Stack>
    </Alert>
  );
}
