-- PostGraphile makes a mutation of it. The function is the peer's own and reads nothing of ours.
CREATE OR REPLACE FUNCTION record_memory_access(
  memory uuid, access_type text, accessed_by text, accessor_type text, context json,
  usefulness double precision
) RETURNS memory_accesses LANGUAGE sql VOLATILE AS $$
  WITH used AS (
    UPDATE memories SET access_count = access_count + 1, last_accessed_at = now()
      WHERE project_id = 1 AND id = memory RETURNING id, access_count
  )
  INSERT INTO memory_accesses (project_id, id, memory_id, sequence, access_type, accessed_by,
    accessor_type, context, usefulness)
    SELECT 1, uuidv7(), id, access_count, $2, $3, $4, $5, $6 FROM used RETURNING *;
$$;
