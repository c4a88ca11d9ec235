"""GraphQL operations, whatever brings them: prepared, limited, run and answered."""
